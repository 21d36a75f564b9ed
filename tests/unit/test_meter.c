/* test_meter.c -- who may ask outside services for more, and what is written of it. */
#include "../../common/base/log.h"
#include "../../common/base/str.h"
#include "../../common/engines/meter.h"
#include "../../common/engines/provider.h"
#include "unit.h"

#define CALLER "address:a"

static uint64_t now_ms = 5000000;

static uint64_t fake_now(void)
{
	return now_ms;
}

static int64_t         service_tokens;
static struct provider paid = {.name = "paid", .unit = METER_TOKENS, .daily_max = &service_tokens};
static struct provider local = {.name = "local", .is_local = true};
static unsigned        due_n;

static void count_due(void)
{
	due_n++;
}

static int64_t today(void)
{
	return clock_unix_ms() / 86400000;
}

static struct meter_line lines[METER_LINES_MAX];

/* Writes all that is due, as the process would; the line of one payer. */
static struct meter_line write_all(const char *who)
{
	struct meter_line found = {.counts = {{0}}};
	size_t            n;

	do {
		n = meter_collect(lines);
		for (size_t i = 0; i < n; i++)
			if (str_equal(lines[i].who.name, who))
				found = lines[i];
	} while (meter_collected(lines, n, true));
	return found;
}

static void learn(const char *who, int64_t tokens, int64_t requests)
{
	meter_learn(who, today(),
	            &(struct meter_counts){{[METER_TOKENS] = tokens, [METER_REQUESTS] = requests}});
}

/* Nothing is spent by anybody, and who asks is CALLER. */
static struct ctx *begin(void **state, struct payers *payers)
{
	struct ctx *cx = *state;

	service_tokens = 1000;
	write_all("");
	learn("provider:paid", 0, 0);
	learn(CALLER, 0, 0);
	*payers = (struct payers){.of = {{CALLER}}, .n = 1};
	cx->payers = payers;
	return cx;
}

static void counts_what_is_asked_and_puts_it_right(void **state)
{
	struct payers     payers;
	struct ctx       *cx = begin(state, &payers);
	struct bill       b;
	struct meter_line line;

	due_n = 0;
	b = meter_ask(cx, &paid, 300);
	assert_int_equal(due_n, 1);
	line = write_all(CALLER);
	assert_int_equal(line.counts.of[METER_REQUESTS], 1);
	assert_int_equal(line.counts.of[METER_TOKENS], 300);
	meter_settle(&b, 120);
	line = write_all("provider:paid");
	assert_int_equal(line.counts.of[METER_REQUESTS], 0);
	assert_int_equal(line.counts.of[METER_TOKENS], -180);
	meter_settle(&b, 120);
	assert_int_equal(meter_collect(lines), 0);
}

static void charges_what_nobody_waited_for_and_no_failure(void **state)
{
	static const struct {
		enum err_kind kind;
		int64_t       tokens;
		bool          is_content;
	} ends[] = {{ERR_CANCELLED, 300, false}, {ERR_DEADLINE, 300, false},
	            {ERR_UPSTREAM, 0, false},    {ERR_UPSTREAM, 300, true},
	            {ERR_RATE, 0, false},        {ERR_UPSTREAM_REJECTED, 0, false}};
	struct payers payers;
	struct ctx   *cx = begin(state, &payers);

	for (size_t i = 0; i < COUNT(ends); i++) {
		struct bill b = meter_ask(cx, &paid, 300);
		struct err *e = err_new(cx, ends[i].kind, WHERE, "planned");

		meter_settle_failed(&b, ends[i].is_content ? err_of_content(e) : e);
		assert_int_equal(write_all(CALLER).counts.of[METER_TOKENS], ends[i].tokens);
	}
}

static void stops_a_service_at_its_budget(void **state)
{
	struct payers payers;
	struct ctx   *cx = begin(state, &payers);
	struct bill   b;

	cx->payers = NULL;
	b = meter_ask(cx, &paid, 999);
	assert_true(meter_allows(cx, &paid));
	meter_settle(&b, 1000);
	assert_false(meter_allows(cx, &paid));
	assert_true(meter_allows(cx, &local));
	service_tokens = 0;
	assert_true(meter_allows(cx, &paid)); /* no limit */
	service_tokens = 1000;
	meter_settle(&b, 10);
	assert_true(meter_allows(cx, &paid));
}

static void knows_what_others_spent(void **state)
{
	struct payers payers;
	struct ctx   *cx = begin(state, &payers);

	learn("provider:paid", 999, 7);
	assert_true(meter_allows(cx, &paid));
	learn("provider:paid", 1000, 7);
	assert_false(meter_allows(cx, &paid));
	/* It may be less again, when what is on its way has ended: it is asked about. */
	assert_true(str_equal(write_all("provider:paid").who.name, "provider:paid"));
	meter_learn("provider:paid", today() - 1, &(struct meter_counts){{0, 5000, 0, 0}});
	assert_true(meter_allows(cx, &paid)); /* of another day */
}

static void stops_a_caller_and_nobody_else(void **state)
{
	struct payers payers, other = {.of = {{"address:b"}}, .n = 1};
	struct ctx   *cx = begin(state, &payers);

	learn(CALLER, 50, 3);
	assert_true(meter_allows(cx, &paid));
	learn(CALLER, 60, 3);
	assert_false(meter_allows(cx, &paid));
	learn(CALLER, 0, 9); /* requests of any kind */
	assert_false(meter_allows(cx, &paid));
	cx->payers = &other;
	assert_true(meter_allows(cx, &paid));
	/* Whose is used up of several is enough. */
	other.of[other.n++] = payers.of[0];
	assert_false(meter_allows(cx, &paid));
}

static void keeps_what_could_not_be_written(void **state)
{
	struct payers payers;
	struct ctx   *cx = begin(state, &payers);
	size_t        n;

	meter_ask(cx, &paid, 20);
	n = meter_collect(lines);
	assert_int_equal(n, 2);
	meter_ask(cx, &paid, 3); /* meanwhile */
	assert_true(meter_collected(lines, n, false));
	assert_int_equal(write_all(CALLER).counts.of[METER_TOKENS], 23);
	assert_int_equal(meter_collect(lines), 0);
}

/* Many addresses: what is not written is not lost for another's place, and all is written. */
static void has_room_for_so_many(void **state)
{
	struct payers payers = {.n = 1};
	struct ctx   *cx = begin(state, &payers);
	int64_t       requests = 0, of_service = 0;
	size_t        n;

	cx->payers = &payers;
	for (int i = 0; i < 10000; i++) {
		snprintf(payers.of[0].name, sizeof(payers.of[0].name), "address:%d", i);
		now_ms++;
		meter_ask(cx, &paid, 1);
	}
	do {
		n = meter_collect(lines);
		for (size_t i = 0; i < n; i++)
			if (span_starts(span_of(lines[i].who.name), SPAN("address:")))
				requests += lines[i].counts.of[METER_REQUESTS];
			else
				of_service += lines[i].counts.of[METER_REQUESTS];
	} while (meter_collected(lines, n, true));
	assert_int_equal(of_service, 10000);
	assert_in_range(requests, 1500, 2048);
	snprintf(payers.of[0].name, sizeof(payers.of[0].name), "address:new");
	meter_ask(cx, &paid, 1); /* there is room again */
	assert_int_equal(write_all("address:new").counts.of[METER_REQUESTS], 1);
}

int main(void)
{
	static const struct cfg_group *const groups[] = {&meter_settings};
	const struct CMUnitTest              tests[] = {
					 UNIT_TEST(counts_what_is_asked_and_puts_it_right),
					 UNIT_TEST(charges_what_nobody_waited_for_and_no_failure),
					 UNIT_TEST(stops_a_service_at_its_budget),
					 UNIT_TEST(knows_what_others_spent),
					 UNIT_TEST(stops_a_caller_and_nobody_else),
					 UNIT_TEST(keeps_what_could_not_be_written),
					 UNIT_TEST(has_room_for_so_many),
    };

	setenv("CALLER_DAILY_TOKENS", "60", 1);
	setenv("CALLER_DAILY_REQUESTS", "9", 1);
	if (cfg_load(groups, COUNT(groups)))
		return 1;
	clock_set_for_test(fake_now);
	log_setup("test_meter", LOG_ERROR + 1);
	meter_on_due(count_due);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
