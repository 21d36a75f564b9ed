/* test_written_talk.c -- who said what, of a conversation as a text. */
#include "../../common/domain/text/written_talk.h"

#include "unit.h"

static void names_tell_who_speaks(void **state)
{
	struct utterance_text said[4];

	assert_int_equal(written_talk_read(*state,
	                                   SPAN("hello\n"
	                                        "User: Could you send it?\r\n"
	                                        "  By Friday: please.\n"
	                                        "ASSISTANT:I'll check.\n"
	                                        "Agent:  \n"
	                                        "human: Thanks"),
	                                   said, COUNT(said)),
	                 4);
	assert_string_equal(said[0].text, "hello");
	assert_int_equal(said[0].speaker, SPEAKER_VISITOR);
	assert_string_equal(said[1].text, "Could you send it?\nBy Friday: please.");
	assert_int_equal(said[1].speaker, SPEAKER_VISITOR);
	assert_string_equal(said[2].text, "I'll check.");
	assert_int_equal(said[2].speaker, SPEAKER_AGENT);
	assert_string_equal(said[3].text, "Thanks");
	assert_int_equal(said[3].speaker, SPEAKER_VISITOR);
}

static void the_newest_are_kept(void **state)
{
	struct utterance_text said[2];

	assert_int_equal(written_talk_read(*state, SPAN("user: a\nagent: b\nuser: c\nai: d\n"), said,
	                                   2),
	                 2);
	assert_string_equal(said[0].text, "c");
	assert_string_equal(said[1].text, "d");
	assert_int_equal(said[1].speaker, SPEAKER_AGENT);
	assert_int_equal(written_talk_read(*state, SPAN(""), said, 2), 0);
	assert_int_equal(written_talk_read(*state, SPAN(" \n\n"), said, 2), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(names_tell_who_speaks),
		UNIT_TEST(the_newest_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
