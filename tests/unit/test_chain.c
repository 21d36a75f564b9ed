/* test_chain.c -- order, budgets, breakers and when the chain ends, with engines made of plans. */
#include "../../common/base/log.h"
#include "../../common/base/str.h"
#include "../../common/engines/provider.h"
#include "unit.h"

static uint64_t now_ms = 5000000;

static uint64_t fake_now(void)
{
	return now_ms;
}

/* What an engine does when asked, and what it saw. */
struct plan {
	enum err_kind kind; /* of its failure */
	bool          works, is_nonsense, is_late;
	unsigned      takes_ms, retry_after_ms;
	unsigned      calls, budget_ms;
	bool          was_last;
};

struct engine {
	struct provider p;
	struct plan    *plan;
};

static bool is_absent(void)
{
	return false;
}

static struct plan   plans[3];
static struct engine first = {{.name = "first", .timeout_ms = 8000}, &plans[0]};
static struct engine second = {{.name = "second"}, &plans[1]};
static struct engine absent = {{.name = "absent", .is_configured = is_absent}, NULL};
static struct engine local = {{.name = "whisper", .is_local = true}, &plans[2]};

static struct provider *const known[] = {&first.p, &second.p, &absent.p, &local.p};
static const char            *wanted;
static const char *const      operations[] = {"this", "that"};
static struct chain           chain = {.capability = "test",
                                       .known = known,
                                       .known_n = COUNT(known),
                                       .wanted = &wanted,
                                       .operations = operations,
                                       .operations_n = COUNT(operations)};

static struct err *attempt(struct provider *p, struct ctx *cx, void *data)
{
	struct plan *plan = ((struct engine *)(void *)p)->plan;
	struct err  *e;

	(void)data;
	plan->calls++;
	plan->budget_ms = deadline_left_ms(cx->deadline);
	plan->was_last = cx->is_last_attempt;
	now_ms += plan->takes_ms < plan->budget_ms ? plan->takes_ms : plan->budget_ms;
	if (plan->works)
		return NULL;
	e = err_new(cx, plan->kind, WHERE, "planned");
	e->retry_after_ms = plan->retry_after_ms;
	e->is_content = plan->is_nonsense;
	e->is_late = plan->is_late;
	return e;
}

static void forget(const struct provider *p)
{
	for (size_t i = 0; p->account_breaker && i < chain.operations_n; i++)
		*p->breakers[i] = (struct breaker){0};
	if (p->account_breaker)
		*p->account_breaker = (struct breaker){0};
}

/* Fresh breakers and plans, a full deadline. */
static struct ctx *begin(void **state, const char *order)
{
	struct ctx *cx = *state;

	memset(plans, 0, sizeof(plans));
	wanted = order;
	assert_int_equal(chain_start(&chain), 0);
	for (size_t i = 0; i < chain.order_n; i++)
		forget(chain.order[i]);
	chain.operation = 0;
	plans[2].works = true;
	cx->deadline = deadline_in(20000);
	return cx;
}

static void orders_engines(void **state)
{
	(void)state;
	wanted = NULL;
	assert_int_equal(chain_start(&chain), 0);
	assert_int_equal(chain.order_n, 3); /* without the absent one */
	assert_ptr_equal(chain.order[0], &first.p);
	assert_ptr_equal(chain.order[2], &local.p);
	assert_null(local.p.account_breaker);
	wanted = " local , second,second";
	assert_int_equal(chain_start(&chain), 0);
	assert_int_equal(chain.order_n, 2);
	assert_ptr_equal(chain.order[0], &local.p);
	wanted = "second,absent,nobody";
	assert_int_equal(chain_start(&chain), 2);
	assert_int_equal(chain.order_n, 1);
	assert_int_equal(chain_check(&chain), 2);
	wanted = NULL;
	assert_int_equal(chain_check(&chain), 0);
}

static void serves_from_the_first(void **state)
{
	struct ctx         *cx = begin(state, NULL);
	struct chain_result by;

	plans[0].works = true;
	assert_ok(chain_run(cx, &chain, attempt, NULL, &by));
	assert_string_equal(by.served->name, "first");
	assert_false(by.fell_back);
	assert_int_equal(plans[0].budget_ms, 8000);
	assert_int_equal(plans[1].calls, 0);
	assert_int_equal(deadline_left_ms(cx->deadline), 20000);
}

static void leaves_time_for_the_later_ones(void **state)
{
	struct ctx         *cx = begin(state, NULL);
	struct chain_result by;

	cx->deadline = deadline_in(4000);
	plans[0] = plans[1] = (struct plan){.kind = ERR_DEADLINE, .takes_ms = 10000};
	assert_ok(chain_run(cx, &chain, attempt, NULL, &by));
	assert_string_equal(by.served->name, "whisper");
	assert_true(by.fell_back);
	assert_int_equal(plans[0].budget_ms, 3000);
	assert_int_equal(plans[1].budget_ms, 750);
	assert_true(!plans[0].was_last && !plans[1].was_last && plans[2].was_last);
	assert_false(cx->is_last_attempt);
	assert_int_equal(plans[2].budget_ms, 250); /* the last gets what is left */
}

static void moves_on_for_provider_failures_only(void **state)
{
	static const struct {
		enum err_kind kind;
		bool          moves_on;
	} cases[] = {
		{ERR_UPSTREAM, true},   {ERR_UPSTREAM_DENIED, true}, {ERR_UPSTREAM_REJECTED, true},
		{ERR_RATE, true},       {ERR_DEADLINE, true},        {ERR_INTERNAL, true},
		{ERR_CANCELLED, false}, {ERR_INPUT, false},          {ERR_AUDIO, false},
	};
	struct chain_result by;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ctx *cx = begin(state, "first,local");
		struct err *e;

		plans[0].kind = cases[i].kind;
		e = chain_run(cx, &chain, attempt, NULL, &by);
		assert_int_equal(plans[2].calls, cases[i].moves_on);
		if (cases[i].moves_on)
			assert_ok(e);
		else
			assert_err(e, cases[i].kind);
	}
}

/* How long an engine is left alone after `times` failures of this kind. */
static uint64_t left_alone_ms(void **state, enum err_kind kind, unsigned retry_after_ms, int times)
{
	struct ctx         *cx = begin(state, "first,local");
	struct chain_result by;
	uint64_t            until;

	plans[0] = (struct plan){.kind = kind, .retry_after_ms = retry_after_ms};
	for (int i = 0; i < times; i++)
		assert_ok(chain_run(cx, &chain, attempt, NULL, &by));
	for (until = now_ms; provider_is_away(&first.p, 0, until); until++)
		;
	return until - now_ms;
}

static void teaches_the_breaker(void **state)
{
	assert_int_equal(left_alone_ms(state, ERR_RATE, 0, 1), 5000);
	assert_int_equal(left_alone_ms(state, ERR_RATE, 7000, 1), 7000);
	/* Whatever it says, somebody looks after a minute. */
	assert_int_equal(left_alone_ms(state, ERR_RATE, 3600000, 1), 60000);
	assert_int_equal(left_alone_ms(state, ERR_UPSTREAM_DENIED, 0, 1), 300000);
	assert_int_equal(left_alone_ms(state, ERR_UPSTREAM_REJECTED, 0, 20), 0);
	assert_int_equal(left_alone_ms(state, ERR_UPSTREAM, 0, 4), 0);
	assert_in_range(left_alone_ms(state, ERR_UPSTREAM, 0, 5), 4375, 5625);
	assert_in_range(left_alone_ms(state, ERR_DEADLINE, 0, 5), 4375, 5625);
}

/* Who waits for a shorter time than others has not seen it fail. */
static void learns_nothing_from_the_impatient(void **state)
{
	chain.is_impatient = true;
	assert_int_equal(left_alone_ms(state, ERR_DEADLINE, 0, 20), 0);
	assert_in_range(left_alone_ms(state, ERR_UPSTREAM, 0, 5), 4375, 5625);
	chain.is_impatient = false;
}

static struct vendor {
	const char *key;
} vendor = {"old"};

static const struct cfg_key vendor_keys[] = {
	CFG_KEY_STR(vendor, key, "VENDOR_KEY", .flags = CFG_SECRET)};
static const struct cfg_group vendor_settings = {"Vendor", &vendor, vendor_keys, 1};

static bool is_left_alone(unsigned operation)
{
	return provider_is_away(&first.p, operation, now_ms);
}

/* Refused is a key, until a program starts: its operator may have mended what was wrong. */
static void asks_again_after_a_start(void **state)
{
	struct ctx         *cx;
	struct chain_result by;

	first.p.account = &vendor_settings;
	cx = begin(state, "first,local");
	plans[0].kind = ERR_UPSTREAM_DENIED;
	assert_ok(chain_run(cx, &chain, attempt, NULL, &by));
	assert_true(is_left_alone(0) && is_left_alone(1));
	assert_int_equal(chain_start(&chain), 0);
	assert_false(is_left_alone(0) || is_left_alone(1));

	/* One that still ends with the old key says nothing about the new one. */
	vendor.key = "new";
	assert_int_equal(chain_start(&chain), 0);
	breaker_deny(first.p.denied_breaker, first.p.asks_as, now_ms + 1000);
	assert_true(is_left_alone(0));
	vendor.key = "old";
	assert_int_equal(chain_start(&chain), 0);
	breaker_deny(first.p.denied_breaker, first.p.asks_as + 1, now_ms + 1000);
	assert_false(is_left_alone(0));
	assert_ok(chain_run(cx, &chain, attempt, NULL, &by));
	assert_int_equal(plans[0].calls, 2);

	/* What it said of its rate holds. */
	begin(state, "first,local");
	plans[0].kind = ERR_RATE;
	assert_ok(chain_run(cx, &chain, attempt, NULL, &by));
	assert_int_equal(chain_start(&chain), 0);
	assert_true(is_left_alone(0));
	first.p.account = NULL;
}

/* Who can not do this may be good at that; who is refused is refused everything. */
static void tells_operations_apart(void **state)
{
	struct ctx         *cx = begin(state, "first,local");
	struct chain_result by;

	plans[0].kind = ERR_UPSTREAM;
	for (int i = 0; i < 5; i++)
		assert_ok(chain_run(cx, &chain, attempt, NULL, &by));
	assert_true(provider_is_away(&first.p, 0, now_ms));
	assert_false(provider_is_away(&first.p, 1, now_ms));
	chain.operation = 1;
	plans[0].kind = ERR_RATE;
	assert_ok(chain_run(cx, &chain, attempt, NULL, &by));
	assert_int_equal(plans[0].calls, 6);
	now_ms += 4000;
	assert_true(provider_is_away(&first.p, 1, now_ms));
	now_ms += 60000;
	assert_false(provider_is_away(&first.p, 1, now_ms));
}

/* Moves on each time, and blames nobody until it is more than a visitor's words. */
static void blames_nobody_for_nonsense(void **state)
{
	struct ctx         *cx = begin(state, "first,local");
	struct chain_result by;
	char                session[2] = "a";

	plans[0] = (struct plan){.kind = ERR_UPSTREAM, .is_nonsense = true};
	chain.session = "one";
	for (int i = 0; i < 30; i++)
		assert_ok(chain_run(cx, &chain, attempt, NULL, &by));
	assert_int_equal(plans[0].calls, 30);
	chain.session = session;
	for (; session[0] < 'd'; session[0]++)
		assert_ok(chain_run(cx, &chain, attempt, NULL, &by));
	assert_true(provider_is_away(&first.p, 0, now_ms + 29999));
	assert_false(provider_is_away(&first.p, 0, now_ms + 30000));
	assert_false(provider_is_away(&first.p, 1, now_ms));
	chain.session = NULL;
}

/* Nobody goes on with what another has begun, and who broke off has failed. */
static void ends_with_what_came_before_a_late_failure(void **state)
{
	struct ctx         *cx = begin(state, "first,local");
	struct chain_result by;

	plans[0] = (struct plan){.kind = ERR_UPSTREAM, .is_late = true};
	for (int i = 0; i < 5; i++) {
		assert_ok(chain_run(cx, &chain, attempt, NULL, &by));
		assert_string_equal(by.served->name, "first");
		assert_err(by.late, ERR_UPSTREAM);
	}
	assert_int_equal(plans[2].calls, 0);
	assert_true(provider_is_away(&first.p, 0, now_ms));
	assert_ok(chain_run(cx, &chain, attempt, NULL, &by));
	assert_string_equal(by.served->name, "whisper");
	assert_null(by.late);
}

static void skips_the_sick(void **state)
{
	struct ctx         *cx = begin(state, "first,second");
	struct chain_result by;

	plans[1].works = true;
	breaker_hold(first.p.breakers[0], now_ms + 1000);
	assert_ok(chain_run(cx, &chain, attempt, NULL, &by));
	assert_string_equal(by.served->name, "second");
	assert_true(by.fell_back);
	assert_int_equal(plans[0].calls, 0);
	/* With the later one away, the earlier is the last and needs to spare nothing. */
	breaker_hold(second.p.breakers[0], now_ms + 9000);
	now_ms += 1000;
	plans[0].works = true;
	cx->deadline = deadline_in(4000);
	assert_ok(chain_run(cx, &chain, attempt, NULL, &by));
	assert_int_equal(plans[0].budget_ms, 4000);
}

static void says_when_nobody_is_left(void **state)
{
	struct ctx         *cx = begin(state, "first");
	struct chain_result by;
	struct err         *e;

	plans[0].kind = ERR_UPSTREAM;
	assert_err(chain_run(cx, &chain, attempt, NULL, &by), ERR_UPSTREAM);
	assert_null(by.served);
	breaker_hold(first.p.breakers[0], now_ms + 1000);
	e = chain_run(cx, &chain, attempt, NULL, &by);
	assert_err(e, ERR_UNAVAILABLE);
	assert_true(e->retry_after_ms > 0);
}

static void frees_a_probe_that_proved_nothing(void **state)
{
	struct ctx         *cx = begin(state, "first,local");
	struct chain_result by;

	breaker_hold(first.p.breakers[0], now_ms);
	plans[0].kind = ERR_CANCELLED;
	assert_err(chain_run(cx, &chain, attempt, NULL, &by), ERR_CANCELLED);
	plans[0].works = true;
	assert_ok(chain_run(cx, &chain, attempt, NULL, &by));
	assert_string_equal(by.served->name, "first");
}

static void forgives_a_late_start(void **state)
{
	struct ctx         *cx = begin(state, "first,local");
	struct chain_result by;

	plans[0] = (struct plan){.kind = ERR_DEADLINE, .takes_ms = 10000};
	for (int i = 0; i < 10; i++) {
		cx->deadline = deadline_in(400);
		assert_ok(chain_run(cx, &chain, attempt, NULL, &by));
	}
	assert_false(provider_is_away(&first.p, 0, now_ms));
}

/* Begins at once; what becomes of it is asked for later. */
static unsigned begun;

static struct err *begin_only(struct provider *p, struct ctx *cx, void *data)
{
	(void)data;
	begun++;
	if (p != &first.p || deadline_left_ms(cx->deadline) == 8000)
		return NULL;
	FAIL(cx, ERR_INTERNAL, "not the time of an attempt");
}

static void goes_on_when_it_is_asked_for(void **state)
{
	struct ctx         *cx = begin(state, "first,second,local");
	struct chain_result by;
	struct chain_begun *run;

	begun = 0;
	plans[0].works = true;
	run = chain_begin(cx, &chain, begin_only, NULL);
	assert_int_equal(plans[0].calls, 0);
	assert_ok(chain_end(cx, run, attempt, NULL, &by));
	assert_string_equal(by.served->name, "first");
	assert_false(by.fell_back);

	plans[0] = (struct plan){.kind = ERR_UPSTREAM};
	plans[1].works = true;
	run = chain_begin(cx, &chain, begin_only, NULL);
	assert_ok(chain_end(cx, run, attempt, NULL, &by));
	assert_string_equal(by.served->name, "second");
	assert_true(by.fell_back);
	assert_int_equal(begun, 2); /* nobody but the first */

	/* The time was over before it was asked for. */
	run = chain_begin(cx, &chain, begin_only, NULL);
	now_ms += 20000;
	assert_err(chain_end(cx, run, attempt, NULL, &by), ERR_UPSTREAM);
	assert_int_equal(plans[1].calls, 1);
}

static void hurries_without_blame(void **state)
{
	struct ctx         *cx = begin(state, "first,second,local");
	struct chain_result by;
	struct chain_begun *run;

	plans[0] = (struct plan){.kind = ERR_DEADLINE, .takes_ms = 10000};
	plans[1].works = true;
	for (int i = 0; i < 10; i++) {
		cx->deadline = (struct deadline){now_ms + 20000};
		run = chain_begin(cx, &chain, begin_only, NULL);
		chain_hurry(run);
		cx->deadline = deadline_in(250);
		assert_err(chain_end(cx, run, attempt, NULL, &by), ERR_DEADLINE);
	}
	assert_false(provider_is_away(&first.p, 0, now_ms));
	cx->deadline = (struct deadline){now_ms + 20000};
	plans[0] = (struct plan){.kind = ERR_UPSTREAM};
	run = chain_begin(cx, &chain, begin_only, NULL);
	chain_hurry(run);
	assert_err(chain_end(cx, run, attempt, NULL, &by), ERR_UPSTREAM);
	assert_int_equal(plans[1].calls, 0);
	plans[0] = (struct plan){.works = true};
	run = chain_begin(cx, &chain, begin_only, NULL);
	chain_hurry(run);
	assert_ok(chain_end(cx, run, attempt, NULL, &by));
}

static void begins_with_the_first_that_may_be_asked(void **state)
{
	struct ctx         *cx = begin(state, "first,local");
	struct chain_result by;

	breaker_hold(first.p.breakers[0], now_ms + 1000);
	assert_ok(chain_end(cx, chain_begin(cx, &chain, begin_only, NULL), attempt, NULL, &by));
	assert_string_equal(by.served->name, "whisper");
	assert_true(by.fell_back);
	assert_int_equal(plans[0].calls, 0);
}

static void gives_a_probe_back_that_nobody_ended(void **state)
{
	struct ctx mine = {.arena = arena_new(1024), .deadline = deadline_in(20000)};

	begin(state, "first,local");
	breaker_hold(first.p.breakers[0], now_ms);
	chain_begin(&mine, &chain, begin_only, NULL);
	assert_true(provider_is_away(&first.p, 0, now_ms));
	arena_free(&mine.arena);
	assert_false(provider_is_away(&first.p, 0, now_ms));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(orders_engines),
		UNIT_TEST(serves_from_the_first),
		UNIT_TEST(leaves_time_for_the_later_ones),
		UNIT_TEST(moves_on_for_provider_failures_only),
		UNIT_TEST(teaches_the_breaker),
		UNIT_TEST(learns_nothing_from_the_impatient),
		UNIT_TEST(asks_again_after_a_start),
		UNIT_TEST(tells_operations_apart),
		UNIT_TEST(blames_nobody_for_nonsense),
		UNIT_TEST(ends_with_what_came_before_a_late_failure),
		UNIT_TEST(skips_the_sick),
		UNIT_TEST(says_when_nobody_is_left),
		UNIT_TEST(frees_a_probe_that_proved_nothing),
		UNIT_TEST(forgives_a_late_start),
		UNIT_TEST(goes_on_when_it_is_asked_for),
		UNIT_TEST(hurries_without_blame),
		UNIT_TEST(begins_with_the_first_that_may_be_asked),
		UNIT_TEST(gives_a_probe_back_that_nobody_ended),
	};

	clock_set_for_test(fake_now);
	log_setup("test_chain", LOG_ERROR + 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
