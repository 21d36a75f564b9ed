/* traceparent as it comes and goes, and stages on their way to a collector. */
#include "unit.h"

#include "../../common/base/crypto.h"
#include "../../common/base/stages.h"
#include "../../common/call/otlp.h"

#define ID     "4bf92f3577b34da6a3ce929d0e0e4736"
#define PARENT "00f067aa0ba902b7"

static void takes_up_what_is_well_formed(void **state)
{
	static const struct {
		const char *text;
		bool        is_taken, is_sampled;
	} cases[] = {
		{"00-" ID "-" PARENT "-01", true, true},
		{"00-" ID "-" PARENT "-00", true, false},
		{"00-" ID "-" PARENT "-03", true, true},
		{"01-" ID "-" PARENT "-01-more", true, true},
		{"cc-" ID "-" PARENT "-01", true, true},
		{"00-" ID "-" PARENT "-01-more", false, false},
		{"00-" ID "-" PARENT "-01 ", false, false},
		{"01-" ID "-" PARENT "-01more", false, false},
		{"ff-" ID "-" PARENT "-01", false, false},
		{"00-" ID "-" PARENT "-0", false, false},
		{"00-" ID "-" PARENT "-0g", false, false},
		{"0-" ID "-" PARENT "-01", false, false},
		{"00_" ID "-" PARENT "-01", false, false},
		{"00-4BF92F3577B34DA6A3CE929D0E0E4736-" PARENT "-01", false, false},
		{"00-00000000000000000000000000000000-" PARENT "-01", false, false},
		{"00-" ID "-0000000000000000-01", false, false},
		{"", false, false},
		{NULL, false, false},
	};
	struct trace t;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		trace_begin(&t, cases[i].text);
		assert_int_equal(strcmp(t.id, ID) == 0, cases[i].is_taken);
		assert_string_equal(t.parent, cases[i].is_taken ? PARENT : "");
		assert_int_equal(t.is_sampled, cases[i].is_sampled);
		assert_int_equal(strlen(t.span), TRACE_SPAN_CHARS);
		assert_string_not_equal(t.span, PARENT);
	}
}

static void says_who_calls_and_nothing_of_nobody(void **state)
{
	struct trace t = {.id = ID, .span = PARENT, .is_sampled = true}, none = {.id = ""};
	char         out[sizeof("traceparent: ") + TRACE_PARENT_MAX];

	(void)state;
	trace_header(&t, out);
	assert_string_equal(out, "traceparent: 00-" ID "-" PARENT "-01");
	trace_header(&none, out);
	assert_string_equal(out, "");
}

/* ---- stages ---- */

#define ROOM 4

static int firsts;

static void count_first(void)
{
	firsts++;
}

static void tell_some(struct ctx *cx, int n)
{
	for (int i = 0; i < n; i++)
		STAGE(cx, "stage", clock_mono_ms(), STAGE_INT("n", i));
}

static void a_full_queue_drops_and_counts(void **state)
{
	struct ctx   *cx = *state;
	struct stage  out[ROOM];
	struct cancel stop;

	firsts = 0;
	cancel_init(&stop);
	stages_want(ROOM, count_first);
	trace_begin(&cx->trace, NULL);
	assert_true(cx->trace.is_sampled);
	tell_some(cx, ROOM + 3);
	assert_int_equal(firsts, 1);
	assert_int_equal(stages_take(out, 3, 1000, &stop), 3);
	assert_int_equal(out[2].facts[0].number, 2);
	tell_some(cx, 2); /* around the end of the ring */
	cancel_fire(&stop, CANCEL_STOPPING);
	assert_int_equal(stages_take(out, ROOM, 1000, &stop), 3);
	assert_int_equal(out[0].facts[0].number, 3);
	assert_int_equal(out[2].facts[0].number, 1);
	assert_int_equal(stages_take(out, ROOM, 1000, &stop), 0);
	assert_int_equal(stages_dropped(), 3);
	assert_int_equal(stages_dropped(), 0);
	stages_end();
	cancel_end(&stop);
}

static void nothing_is_kept_that_nobody_wants(void **state)
{
	struct ctx   *cx = *state;
	struct stage  out[ROOM];
	struct cancel stop;

	firsts = 0;
	trace_begin(&cx->trace, NULL);
	assert_false(cx->trace.is_sampled);
	cx->trace.is_sampled = true;
	tell_some(cx, 1);
	stages_want(ROOM, count_first);
	cx->trace.is_sampled = false; /* its caller has said so */
	tell_some(cx, 1);
	cancel_init(&stop);
	cancel_fire(&stop, CANCEL_STOPPING);
	assert_int_equal(stages_take(out, ROOM, 1000, &stop), 0);
	assert_int_equal(firsts, 0);
	stages_end();
	cancel_end(&stop);
}

static void tells_stages_as_a_collector_reads_them(void **state)
{
	static const struct stage stages[] = {
		{.trace = ID,
	     .span = "1111111111111111",
	     .parent = PARENT,
	     .name = "model",
	     .start_unix_ms = 1700000000123,
	     .end_unix_ms = 1700000000456,
	     .facts = {{"provider", "groq", 0}, {"bytes", NULL, 7}},
	     .facts_n = 2},
		{.trace = ID, .span = PARENT, .name = "agent_reply", .is_whole = true, .is_failed = true},
	};
	struct ctx *cx = *state;
	struct span json;

	assert_ok(otlp_json(cx, "agent_reply", stages, COUNT(stages), &json));
	assert_string_equal(
		json.ptr,
		"{\"resourceSpans\":[{\"resource\":{\"attributes\":["
		"{\"key\":\"service.namespace\",\"value\":{\"stringValue\":\"scribe\"}},"
		"{\"key\":\"service.name\",\"value\":{\"stringValue\":\"agent_reply\"}}]},"
		"\"scopeSpans\":[{\"scope\":{\"name\":\"scribe\"},\"spans\":["
		"{\"traceId\":\"" ID "\",\"spanId\":\"1111111111111111\",\"parentSpanId\":\"" PARENT "\","
		"\"name\":\"model\",\"kind\":1,\"startTimeUnixNano\":\"1700000000123000000\","
		"\"endTimeUnixNano\":\"1700000000456000000\",\"attributes\":["
		"{\"key\":\"provider\",\"value\":{\"stringValue\":\"groq\"}},"
		"{\"key\":\"bytes\",\"value\":{\"intValue\":\"7\"}}]},"
		"{\"traceId\":\"" ID "\",\"spanId\":\"" PARENT "\",\"name\":\"agent_reply\",\"kind\":2,"
		"\"startTimeUnixNano\":\"0000000\",\"endTimeUnixNano\":\"0000000\",\"attributes\":[],"
		"\"status\":{\"code\":2}}]}]}]}");
}

static int setup(void **state)
{
	(void)state;
	crypto_start();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_up_what_is_well_formed),
		cmocka_unit_test(says_who_calls_and_nothing_of_nobody),
		UNIT_TEST(a_full_queue_drops_and_counts),
		UNIT_TEST(nothing_is_kept_that_nobody_wants),
		UNIT_TEST(tells_stages_as_a_collector_reads_them),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
