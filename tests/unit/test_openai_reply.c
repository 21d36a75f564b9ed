/* test_openai_reply.c -- streams as Groq, OpenAI and their copies send them, and how they break. */
#include "../../common/base/json_in.h"
#include "../../common/base/log.h"
#include "../../common/base/str.h"
#include "chat_feed.h"
#include "unit.h"

#define CHUNK(content) \
	"data: {\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" content \
	"\"},\"finish_reason\":null}]}\n\n"
#define ROLE   "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n"
#define FINISH "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
#define DONE   "data: [DONE]\n\n"

struct heard_text {
	struct buf text;
	int        pieces, stop_after;
};

static bool on_text(struct span piece, void *data)
{
	struct heard_text *h = data;

	buf_add(&h->text, piece.ptr, piece.len);
	return ++h->pieces != h->stop_after;
}

/* Reads a stream fed in steps; the verdict of the last piece is left in *verdict. */
static struct err *read_stream(struct ctx *cx, const char *stream, size_t step,
                               struct heard_text *heard, struct err *failed, struct chat_reply *out,
                               enum http_verdict *verdict)
{
	struct chat_reading *r = chat_reading_new(cx, heard ? on_text : NULL, heard);
	size_t               len = strlen(stream);
	struct chat_feed     f;

	chat_feed_start(&f, cx->arena, r);
	*out = (struct chat_reply){0};
	*verdict = HTTP_GO_ON;
	for (size_t at = 0; at < len && *verdict < HTTP_STOP; at += step)
		*verdict = chat_feed(&f, (struct span){stream + at, len - at < step ? len - at : step});
	return chat_reading_end(r, failed, out);
}

/* What was given until then is all that is said: nobody goes on with it. */
static void assert_late(struct err *e, enum err_kind kind)
{
	assert_err(e, kind);
	assert_true(e->is_late);
}

static struct err *read_at_once(struct ctx *cx, const char *stream, struct chat_reply *out)
{
	enum http_verdict verdict;

	return read_stream(cx, stream, 1 << 20, NULL, NULL, out, &verdict);
}

static void reads_streams_in_any_pieces(void **state)
{
	static const char groq[] = ROLE CHUNK("Hel") CHUNK("lo, \\u00e9") CHUNK("!") FINISH
		"data: {\"choices\":[],\"x_groq\":{\"id\":\"r\",\"usage\":"
		"{\"prompt_tokens\":7,\"completion_tokens\":3}}}\n\n" DONE;

	for (size_t step = 1; step < sizeof(groq); step += 7) {
		struct ctx       *cx = *state;
		struct heard_text heard = {.text = buf_new(cx->arena, 0)};
		struct chat_reply reply;
		enum http_verdict verdict;

		assert_ok(read_stream(cx, groq, step, &heard, NULL, &reply, &verdict));
		assert_string_equal(reply.text, "Hello, \xc3\xa9!");
		assert_string_equal(buf_text(&heard.text), reply.text);
		assert_int_equal(heard.pieces, 3);
		assert_string_equal(reply.model, "m");
		assert_int_equal(reply.usage.prompt_tokens, 7);
		assert_int_equal(reply.usage.completion_tokens, 3);
		assert_int_equal(verdict, HTTP_LAST);
	}
}

static void tells_useful_from_not(void **state)
{
	struct ctx      *cx = *state;
	struct chat_feed f;

	chat_feed_start(&f, cx->arena, chat_reading_new(cx, NULL, NULL));
	assert_int_equal(chat_feed(&f, SPAN(": ping\n\n")), HTTP_GO_ON);
	assert_int_equal(chat_feed(&f, SPAN(ROLE)), HTTP_GO_ON);
	assert_int_equal(chat_feed(&f, SPAN(CHUNK(" \\n"))), HTTP_GO_ON);
	assert_int_equal(chat_feed(&f, SPAN(CHUNK("a"))), HTTP_USEFUL);
	assert_int_equal(chat_feed(&f, SPAN(DONE)), HTTP_LAST);
}

/* Some servers write so in each chunk. */
static void goes_on_behind_no_reason(void **state)
{
	struct ctx      *cx = *state;
	struct chat_feed f;

	chat_feed_start(&f, cx->arena, chat_reading_new(cx, NULL, NULL));
	assert_int_equal(chat_feed(&f, SPAN("data: {\"choices\":[{\"delta\":{\"content\":\"a\"},"
	                                    "\"finish_reason\":\"\"}]}\n\n")),
	                 HTTP_USEFUL);
}

/* Whoever waits for the last sentence does not wait for the bill. */
static void is_over_with_the_reason_to_finish(void **state)
{
	struct ctx          *cx = *state;
	struct chat_reading *r = chat_reading_new(cx, NULL, NULL);
	struct chat_feed     f;
	struct chat_reply    reply;

	chat_feed_start(&f, cx->arena, r);
	assert_int_equal(chat_feed(&f, SPAN(CHUNK("a"))), HTTP_USEFUL);
	assert_int_equal(chat_feed(&f, SPAN(FINISH)), HTTP_LAST);
	assert_int_equal(chat_feed(&f, SPAN("data: {\"choices\":[],\"usage\":"
	                                    "{\"prompt_tokens\":7,\"completion_tokens\":3}}\n\n")),
	                 HTTP_LAST);
	assert_ok(chat_reading_end(r, NULL, &reply));
	assert_int_equal(reply.usage.prompt_tokens, 7);
}

static void keeps_reasoning_out(void **state)
{
	static const struct {
		const char *stream, *want;
	} cases[] = {
		{CHUNK("<think>secret</think>\\n\\nHi") DONE, "Hi"},
		{CHUNK("<thi") CHUNK("nk>sec") CHUNK("ret</th") CHUNK("ink>Hi") DONE, "Hi"},
		{CHUNK("a < b <t") CHUNK("e> <") DONE, "a < b <te> <"},
		{CHUNK("<<think>x</think>y") DONE, "<y"},
		{CHUNK("Hi<think>cut") DONE, "Hi"},
		{"data: {\"choices\":[{\"delta\":{\"reasoning\":\"secret\"}}]}\n\n" CHUNK("Hi") DONE, "Hi"},
		{CHUNK("secret</th") CHUNK("ink>\\n\\nHi") DONE, "Hi"},
		{CHUNK("<|chan") CHUNK("nel|>analysis<|message|>secret<|end|>") CHUNK("Hi<|ret")
	         CHUNK("urn|>") DONE,
	     "Hi"},
	};
	struct chat_reply reply;

	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_ok(read_at_once(*state, cases[i].stream, &reply));
		assert_string_equal(reply.text, cases[i].want);
	}
}

#define DELTA(content) "data: {\"choices\":[{\"delta\":{\"content\":" content "}}]}\n\n"

static void reads_content_in_parts(void **state)
{
	static const char thought[] = DELTA("[{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\","
	                                    "\"text\":\"secret\"}]}]");
	static const char reasoning[] = DELTA("[{\"type\":\"reasoning\",\"text\":\"secret\"}]");
	struct chat_reply reply;
	struct ctx       *cx = *state;

	assert_ok(read_at_once(cx,
	                       arena_printf(cx->arena, "%s%s%s", thought, reasoning,
	                                    DELTA("[{\"type\":\"text\",\"text\":\"Happy \"}]")
	                                        DELTA("\"to help.\"") DONE),
	                       &reply));
	assert_string_equal(reply.text, "Happy to help.");
	assert_err(read_at_once(cx, arena_printf(cx->arena, "%s%s", thought, DONE), &reply),
	           ERR_UPSTREAM);
	assert_ok(read_at_once(cx,
	                       "{\"choices\":[{\"message\":{\"content\":[{\"type\":\"text\","
	                       "\"text\":\"Hi\"}]}}]}",
	                       &reply));
	assert_string_equal(reply.text, "Hi");
}

/* Tokenisers cut characters, and some write U+0000. */
static void mends_escapes(void **state)
{
	static const struct {
		const char *stream, *want;
	} cases[] = {
		{CHUNK("a\\u0000b") DONE, "ab"},
		{CHUNK("Happy \\ud83d") CHUNK("\\ude00 to help.") DONE, "Happy 😀 to help."},
		{CHUNK("Happy \\uD83D") CHUNK("") CHUNK("\\uDE00.") DONE, "Happy 😀."},
		{CHUNK("a\\ud83d") CHUNK("b") DONE, "ab"},
		{CHUNK("\\ude00a") DONE, "a"},
		{CHUNK("\\ud83d\\ud83d\\ude00") DONE, "😀"},
		{CHUNK("C:\\\\u0000 \\\\ud83d") DONE, "C:\\u0000 \\ud83d"},
		{"{\"choices\":[{\"message\":{\"content\":\"\\u0000Hi\\ud83d\"}}]}", "Hi"},
	};
	struct chat_reply reply;

	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_ok(read_at_once(*state, cases[i].stream, &reply));
		assert_string_equal(reply.text, cases[i].want);
	}
}

/* Held back in the middle: the next engine says it whole, unless the beginning is out already. */
static void leaves_filtered_answers_to_others(void **state)
{
	static const char filtered[] =
		CHUNK("I would") "data: {\"choices\":[{\"delta\":{},\"finish_reason\":"
						 "\"content_filter\"}]}\n\n" DONE;
	struct ctx       *cx = *state;
	struct heard_text heard = {.text = buf_new(cx->arena, 0)};
	struct chat_reply reply;
	enum http_verdict verdict;

	assert_err(read_at_once(cx, filtered, &reply), ERR_UPSTREAM_REJECTED);
	assert_err(read_at_once(cx,
	                        "{\"choices\":[{\"message\":{\"content\":\"I\"},"
	                        "\"finish_reason\":\"content_filter\"}]}",
	                        &reply),
	           ERR_UPSTREAM_REJECTED);
	assert_late(read_stream(cx, filtered, 9, &heard, NULL, &reply, &verdict),
	            ERR_UPSTREAM_REJECTED);
	assert_string_equal(reply.text, "I would");
}

static void reads_servers_that_do_not_stream(void **state)
{
	struct chat_reply reply;

	assert_ok(read_at_once(*state,
	                       " {\"model\":\"own\",\"choices\":[{\"message\":{\"content\":\"Hi\"}}],"
	                       "\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}",
	                       &reply));
	assert_string_equal(reply.text, "Hi");
	assert_string_equal(reply.model, "own");
	assert_int_equal(reply.usage.completion_tokens, 2);
}

static void fails_what_is_broken(void **state)
{
	static const char *const streams[] = {
		"",
		DONE,
		FINISH,
		CHUNK("cut"),
		"<html>bad gateway</html>",
		"{\"choices\":[",
		"{\"choices\":[]}",
		"{\"error\":{\"message\":\"x\"}}",
		"data: nonsense\n\n",
		"data: [1]\n\n",
		"data: {\"error\":{\"message\":\"Ann\",\"code\":\"over_capacity\"}}\n\n",
		"data: {\"error\":\"text\"}\n\n",
		"event: error\ndata: {\"message\":\"x\"}\n\n",
		CHUNK("a") "data: {\"choices\":[],\"x_groq\":{\"error\":\"stopped\"}}\n\n",
		CHUNK("<think>only") DONE,
	};
	struct chat_reply reply;

	for (size_t i = 0; i < COUNT(streams); i++)
		assert_err(read_at_once(*state, streams[i], &reply), ERR_UPSTREAM);
	assert_err(read_at_once(*state,
	                        "data: {\"choices\":[{\"delta\":{},"
	                        "\"finish_reason\":\"content_filter\"}]}\n\n" DONE,
	                        &reply),
	           ERR_UPSTREAM_REJECTED);
}

static void finishes_with_what_was_said(void **state)
{
	struct ctx       *cx = *state;
	struct heard_text heard = {.text = buf_new(cx->arena, 0)};
	struct err       *cut = err_new(cx, ERR_UPSTREAM, WHERE, "cut");
	struct err       *gone = err_new(cx, ERR_CANCELLED, WHERE, "gone");
	struct chat_reply reply;
	enum http_verdict verdict;

	assert_late(read_stream(cx, CHUNK("Half a "), 9, &heard, cut, &reply, &verdict), ERR_UPSTREAM);
	assert_string_equal(reply.text, "Half a ");
	cut->is_late = false;
	/* With nothing handed out another engine can begin anew. */
	assert_err(read_stream(cx, CHUNK("Half a "), 9, NULL, cut, &reply, &verdict), ERR_UPSTREAM);
	assert_err(read_stream(cx, ROLE, 9, &heard, cut, &reply, &verdict), ERR_UPSTREAM);
	assert_err(read_stream(cx, CHUNK("Half"), 9, &heard, gone, &reply, &verdict), ERR_CANCELLED);
	/* Broken after it said it was done: whole. */
	assert_ok(read_stream(cx, CHUNK("All") FINISH, 9, NULL, cut, &reply, &verdict));
	assert_ok(
		read_at_once(cx, CHUNK("All") FINISH "data: {\"error\":{\"message\":\"x\"}}\n\n", &reply));
	assert_string_equal(reply.text, "All");
}

/* Told too late by its end: what was handed out stands, or another's answer would follow it. */
static void hands_out_one_answer_only(void **state)
{
	static const char *const ends[] = {
		CHUNK("</think>") DONE,
		CHUNK("</thi") CHUNK("nk>\\n") FINISH DONE,
		CHUNK("</think><think>More?") DONE,
		CHUNK("</think>") "data: {\"choices\":[{\"delta\":{},\"finish_reason\":"
						  "\"content_filter\"}]}\n\n" DONE,
	};
	struct ctx       *cx = *state;
	struct chat_reply reply;
	enum http_verdict verdict;

	for (size_t i = 0; i < COUNT(ends); i++) {
		struct heard_text heard = {.text = buf_new(cx->arena, 0)};
		const char       *stream = arena_printf(cx->arena, "%s%s", CHUNK("Hi."), ends[i]);
		struct err       *e;

		e = read_stream(cx, stream, 9, &heard, NULL, &reply, &verdict);
		assert_true(!e || e->is_late);
		assert_string_equal(reply.text, "Hi.");
		assert_string_equal(buf_text(&heard.text), "Hi.");
		/* Who was told nothing yet may hear another's. */
		assert_non_null(read_stream(cx, stream, 9, NULL, NULL, &reply, &verdict));
	}
}

static void stops_when_told(void **state)
{
	struct ctx       *cx = *state;
	struct heard_text heard = {.text = buf_new(cx->arena, 0), .stop_after = 2};
	struct chat_reply reply;
	enum http_verdict verdict;

	assert_ok(read_stream(cx, CHUNK("a") CHUNK("b") CHUNK("c") DONE, 1 << 20, &heard, NULL, &reply,
	                      &verdict));
	assert_string_equal(reply.text, "ab");
	assert_int_equal(verdict, HTTP_STOP);
}

/* The thread has looked aside, and what it was given is all that is wanted. */
static void stops_when_asked(void **state)
{
	static const struct http_piece nothing = {.data = SPAN("")};
	struct ctx                    *cx = *state;
	struct heard_text              heard = {.text = buf_new(cx->arena, 0), .stop_after = 2};
	struct chat_reading           *r = chat_reading_new(cx, on_text, &heard);
	struct chat_reply              reply;
	struct chat_feed               f;

	chat_feed_start(&f, cx->arena, r);
	assert_int_equal(chat_reading_feed(&nothing, r), HTTP_GO_ON);
	assert_int_equal(heard.pieces, 0);
	assert_int_equal(chat_feed(&f, SPAN(CHUNK("a"))), HTTP_USEFUL);
	assert_int_equal(chat_reading_feed(&nothing, r), HTTP_STOP);
	assert_ok(chat_reading_end(r, NULL, &reply));
	assert_string_equal(reply.text, "a");
}

/* What was given was none of the answer: it is still to come. */
static void does_not_stop_before_the_answer(void **state)
{
	struct ctx       *cx = *state;
	struct heard_text heard = {.text = buf_new(cx->arena, 0), .stop_after = 2};
	struct chat_reply reply;
	enum http_verdict verdict;

	assert_ok(read_stream(cx, CHUNK("a") CHUNK("</think>b") CHUNK("c") DONE, 1 << 20, &heard, NULL,
	                      &reply, &verdict));
	assert_string_equal(reply.text, "bc");
	assert_int_equal(verdict, HTTP_LAST);
}

/* Who got a thought gets the answer at the end, which is whole: not twice. */
static void gives_no_answer_behind_a_thought(void **state)
{
	static const struct {
		const char *stream, *given;
		bool        is_unlike;
	} cases[] = {{CHUNK("a. ") CHUNK("</think>b. ") CHUNK("c") DONE, "a. ", true},
	             {CHUNK("a. </think>b. ") CHUNK("c") DONE, "b. c", false},
	             {CHUNK("<think>a. ") CHUNK("</think>b. ") CHUNK("c") DONE, "b. c", false}};
	struct ctx       *cx = *state;
	struct chat_reply reply;
	enum http_verdict verdict;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct heard_text heard = {.text = buf_new(cx->arena, 0)};

		assert_ok(read_stream(cx, cases[i].stream, 1 << 20, &heard, NULL, &reply, &verdict));
		assert_string_equal(reply.text, "b. c");
		assert_string_equal(buf_text(&heard.text), cases[i].given);
		assert_int_equal(reply.is_unlike_given, cases[i].is_unlike);
	}
}

static void reads_forced_calls(void **state)
{
	static const struct {
		const char *message, *want;
	} cases[] = {
		{"{\"content\":null,\"tool_calls\":[{\"function\":{\"name\":\"f\","
	     "\"arguments\":\"{\\\"a\\\":1}\"}}]}",
	     "{\"a\":1}"},
		{"{\"content\":\"{\\\"a\\\":2}\"}", "{\"a\":2}"},
		{"{\"content\":[{\"type\":\"text\",\"text\":\"{\\\"a\\\":4}\"}]}", "{\"a\":4}"},
		{"{\"content\":\"{\\\"a\\\":\\\"\\\\u0000b\\\"}\"}", "{\"a\":\"b\"}"},
		{"{\"content\":\"<think>{\\\"a\\\":0}</think>{\\\"a\\\":5}\"}", "{\"a\":5}"},
		{"{\"content\":\"Here:\\n```json\\n{\\\"a\\\":3}\\n```\"}", "{\"a\":3}"},
		{"{\"content\":null}", NULL},
		{"{\"content\":\"I can not\"}", NULL},
		{"{\"content\":\"} then {\"}", NULL},
		{"{\"tool_calls\":[{\"function\":{\"arguments\":\"{\\\"a\\\":\"}}]}", NULL},
	};
	struct ctx       *cx = *state;
	struct chat_reply reply;

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *body =
			arena_printf(cx->arena, "{\"choices\":[{\"message\":%s}]}", cases[i].message);
		struct err *e = chat_structured(cx, span_of(body), &reply);

		if (cases[i].want) {
			assert_ok(e);
			assert_string_equal(reply.text, cases[i].want);
		} else {
			assert_err(e, ERR_UPSTREAM);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(reads_streams_in_any_pieces),
		UNIT_TEST(tells_useful_from_not),
		UNIT_TEST(goes_on_behind_no_reason),
		UNIT_TEST(is_over_with_the_reason_to_finish),
		UNIT_TEST(keeps_reasoning_out),
		UNIT_TEST(reads_content_in_parts),
		UNIT_TEST(mends_escapes),
		UNIT_TEST(leaves_filtered_answers_to_others),
		UNIT_TEST(reads_servers_that_do_not_stream),
		UNIT_TEST(fails_what_is_broken),
		UNIT_TEST(finishes_with_what_was_said),
		UNIT_TEST(hands_out_one_answer_only),
		UNIT_TEST(stops_when_told),
		UNIT_TEST(stops_when_asked),
		UNIT_TEST(does_not_stop_before_the_answer),
		UNIT_TEST(gives_no_answer_behind_a_thought),
		UNIT_TEST(reads_forced_calls),
	};

	json_start();
	log_setup("test_openai_reply", LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
