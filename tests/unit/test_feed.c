/* test_feed.c -- text from who thinks to who tells: nothing lost, nothing twice, who may begin
 * anew, and when it is looked at. */
#include "unit.h"

#include "../../common/engines/feed.h"

/* What is thought, step by step, and what was seen of it. */
struct script {
	struct feed *feed;
	const char  *text[3]; /* NULL: begin anew */
	bool         may[3];  /* whether it might */
	bool         claims, is_anew;
	unsigned     looks, enough; /* the look that fails; 0: none */
	struct ctx  *cx;
	struct buf   seen;
};

static struct err *look(void *data, bool *has_more_out)
{
	struct script *s = data;

	s->is_anew |= feed_take(s->feed, &s->seen).is_anew;
	*has_more_out = false;
	if (s->claims)
		feed_claim(s->feed);
	if (++s->looks == s->enough)
		FAIL(s->cx, ERR_CANCELLED, "enough");
	return NULL;
}

static struct err *follow(struct ctx *cx, void *data)
{
	struct script *s = data;

	(void)cx;
	for (size_t i = 0; i < COUNT(s->text); i++)
		s->may[i] = s->text[i] ? feed_text(span_of(s->text[i]), s->feed) : feed_restart(s->feed);
	return NULL;
}

static struct err *follow_script(struct ctx *cx, struct script *s, bool is_told)
{
	struct err *e;

	s->cx = cx;
	s->seen = buf_new(cx->arena, FEED_TEXT_MAX);
	s->feed = feed_new(cx, is_told, look, s);
	e = feed_think(s->feed, follow, s);
	assert_null(cx->aside);
	if (!e)
		s->is_anew |= feed_take(s->feed, &s->seen).is_anew;
	return e;
}

static void brings_all_of_it(void **state)
{
	struct script s = {.text = {"One", " two", "."}};

	assert_ok(follow_script(*state, &s, true));
	assert_string_equal(buf_text(&s.seen), "One two.");
	assert_true(s.looks >= 2 && !s.is_anew); /* at the first word, and where a sentence may end */
}

static void looks_at_sentences_only_where_nobody_is_told(void **state)
{
	struct script s = {.text = {"One", " two.", " Three"}};

	assert_ok(follow_script(*state, &s, false));
	assert_int_equal(s.looks, 2);
	assert_string_equal(buf_text(&s.seen), "One two. Three");
}

static void begins_anew_while_nothing_is_out(void **state)
{
	struct script s = {.text = {"One", NULL, "Two"}};

	assert_ok(follow_script(*state, &s, true));
	assert_string_equal(buf_text(&s.seen), "Two");
	assert_true(s.is_anew && s.may[1]);
}

static void goes_on_alone_behind_what_is_out(void **state)
{
	struct script s = {.text = {"One", NULL, " two"}, .claims = true};

	assert_ok(follow_script(*state, &s, true));
	assert_string_equal(buf_text(&s.seen), "One two");
	assert_false(s.is_anew || s.may[1]);
}

/* Nothing is out before the end. */
static void begins_anew_where_nobody_is_told(void **state)
{
	struct script s = {.text = {"One.", NULL, "Two"}, .claims = true};

	assert_ok(follow_script(*state, &s, false));
	assert_string_equal(buf_text(&s.seen), "Two");
	assert_true(s.is_anew && s.may[1]);
}

static void ends_with_the_first_look_that_fails(void **state)
{
	struct script s = {.text = {"One.", " Two.", " Three."}, .enough = 2};

	assert_err(follow_script(*state, &s, true), ERR_CANCELLED);
	assert_true(s.may[0] && !s.may[1]);
	assert_err(feed_look_now(s.feed), ERR_CANCELLED);
	assert_int_equal(s.looks, 2);
}

static struct err *look_at_nothing(void *data, bool *has_more_out)
{
	(void)data;
	(void)has_more_out;
	return NULL;
}

static void tells_what_is_urgent(void **state)
{
	struct ctx  *cx = *state;
	struct feed *f = feed_new(cx, true, look_at_nothing, NULL);
	struct buf   text = buf_new(cx->arena, FEED_TEXT_MAX);

	feed_text(SPAN("Yes"), f);
	assert_false(feed_take(f, &text).is_urgent);
	feed_text(SPAN(" it"), f);
	feed_text(SPAN(" is."), f);
	assert_true(feed_take(f, &text).is_urgent);
	feed_text(SPAN(" And"), f); /* which ends what was before it */
	assert_true(feed_take(f, &text).is_urgent);
	feed_text(SPAN(" so"), f);
	assert_false(feed_take(f, &text).is_urgent);
	assert_string_equal(buf_text(&text), "Yes it is. And so");
}

static void ends_when_nobody_waits(void **state)
{
	struct ctx   *cx = *state;
	struct feed  *f = feed_new(cx, true, look_at_nothing, NULL);
	struct cancel cancel;

	cancel_init(&cancel);
	cx->cancel = &cancel;
	cx->deadline = deadline_in(0);
	assert_err(feed_wait(f), ERR_DEADLINE);
	cx->deadline = deadline_in(30000);
	cancel_fire(&cancel, CANCEL_CLIENT_LEFT);
	assert_err(feed_wait(f), ERR_CANCELLED);
	cx->cancel = NULL;
	cancel_end(&cancel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(brings_all_of_it),
		UNIT_TEST(looks_at_sentences_only_where_nobody_is_told),
		UNIT_TEST(begins_anew_while_nothing_is_out),
		UNIT_TEST(goes_on_alone_behind_what_is_out),
		UNIT_TEST(begins_anew_where_nobody_is_told),
		UNIT_TEST(ends_with_the_first_look_that_fails),
		UNIT_TEST(tells_what_is_urgent),
		UNIT_TEST(ends_when_nobody_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
