/* test_rule_extract.c -- the dialogues of tests/data/dialogues, and what rules must never do. */
#include "../../common/domain/lead/rule_extract.h"

#include "../../common/base/str.h"
#include "../../common/domain/who/contact.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { LINE_BYTES = 4096, UTTERANCES_MAX = 16, EXPECTED_MAX = 16 };

struct dialogue {
	const char     *name;
	struct exchange talk[UTTERANCES_MAX];
	size_t          n_said;
	struct {
		const char *field, *value;
	} expected[EXPECTED_MAX];
	size_t n_expected;
};

static const char *expected_of(const struct dialogue *d, const char *field)
{
	for (size_t i = 0; i < d->n_expected; i++)
		if (strcmp(d->expected[i].field, field) == 0)
			return d->expected[i].value;
	return NULL;
}

static bool is_same(const char *got, const char *want)
{
	return got && want ? str_equal_nocase(got, want) : got == want;
}

/* Counts one difference and shows it. */
static unsigned differs(const struct dialogue *d, const char *field, const char *got,
                        const char *want)
{
	if (is_same(got, want))
		return 0;
	print_error("%s: %s is \"%s\", want \"%s\"\n", d->name, field, got ? got : "",
	            want ? want : "");
	return 1;
}

static const char *permission_text(enum permission p)
{
	return p == PERMISSION_GIVEN ? "yes" : p == PERMISSION_REFUSED ? "no" : NULL;
}

static const char *first_phone(struct ctx *cx, const struct dialogue *d)
{
	for (size_t i = 0; i < d->n_said; i++) {
		const struct contact *list;
		size_t                n = contact_find(cx, d->talk[i].said, &list);

		for (size_t k = 0; k < n; k++)
			if (list[k].kind == CONTACT_PHONE)
				return list[k].value;
	}
	return NULL;
}

static const char *joined_actions(struct ctx *cx, const struct extract *x)
{
	struct buf b = buf_new(cx->arena, 0);

	for (size_t i = 0; i < x->n_actions; i++)
		buf_printf(&b, "%s%s", i ? " " : "", x->followup_actions[i]);
	return buf_text(&b);
}

static unsigned check_dialogue(struct ctx *cx, const struct dialogue *d)
{
	const struct extract *x = rule_extract(cx, d->talk, d->n_said);
	const char           *intent = expected_of(d, "intent"), *actions = expected_of(d, "actions");
	unsigned              wrong = 0;

	wrong += differs(d, "intent", x ? intent_name(x->intent) : "none", intent);
	wrong += differs(d, "phone", first_phone(cx, d), expected_of(d, "phone"));
	for (size_t i = 0; i < ENTITY_COUNT; i++)
		wrong += differs(d, entity_name((enum entity)i), x ? x->entities.text[i] : NULL,
		                 expected_of(d, entity_name((enum entity)i)));
	if (!x)
		return wrong;
	wrong += differs(d, "email_opt_in", permission_text(x->entities.email_opt_in),
	                 expected_of(d, "email_opt_in"));
	wrong +=
		differs(d, "quote_ok", permission_text(x->entities.quote_ok), expected_of(d, "quote_ok"));
	if (actions)
		wrong += differs(d, "actions", joined_actions(cx, x), actions);
	assert_true(x->confidence > 0 && x->confidence <= 1);
	return wrong;
}

static void read_line(struct ctx *cx, struct dialogue *d, const char *line)
{
	const char *colon = strstr(line, ": ");

	if (strncmp(line, "> ", 2) == 0) {
		assert_true(d->n_said < UTTERANCES_MAX);
		d->talk[d->n_said++].said = span_of(arena_strdup(cx->arena, line + 2));
		return;
	}
	if (strncmp(line, "< ", 2) == 0) {
		assert_true(d->n_said < UTTERANCES_MAX);
		d->talk[d->n_said].asked = span_of(arena_strdup(cx->arena, line + 2));
		return;
	}
	assert_non_null(colon);
	assert_true(d->n_expected < EXPECTED_MAX);
	d->expected[d->n_expected].field = arena_strndup(cx->arena, line, (size_t)(colon - line));
	d->expected[d->n_expected++].value = arena_strdup(cx->arena, colon + 2);
}

static unsigned check_file(const char *file)
{
	struct arena   *a = arena_new(65536);
	struct ctx      cx = {.arena = a};
	FILE           *f = fopen(file, "r");
	char            line[LINE_BYTES];
	struct dialogue d = {.name = ""};
	unsigned        checked = 0, wrong = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || !line[0])
			continue;
		if (line[0] != '=') {
			read_line(&cx, &d, line);
			continue;
		}
		wrong += d.n_said ? check_dialogue(&cx, &d) : 0;
		d = (struct dialogue){.name = ""};
		d.name = arena_strdup(a, line + 2);
		checked++;
	}
	wrong += check_dialogue(&cx, &d);
	fclose(f);
	arena_free(&a);
	assert_int_equal(wrong, 0);
	return checked;
}

static void knows_visitors(void **state)
{
	(void)state;
	assert_true(check_file("tests/data/dialogues/visitors.txt") >= 25);
	assert_true(check_file("tests/data/dialogues/service.txt") >= 20);
	assert_true(check_file("tests/data/dialogues/answers.txt") >= 15);
	assert_true(check_file("tests/data/dialogues/faults.txt") >= 23);
}

/* "asked || said // asked || said": what was asked may be missing. */
static size_t read_turns(struct ctx *cx, const char *text, struct exchange talk[UTTERANCES_MAX])
{
	char  *at = arena_strdup(cx->arena, text);
	size_t n = 0;

	for (char *next = at; next; at = next, n++) {
		char *bar;

		assert_true(n < UTTERANCES_MAX);
		next = strstr(at, " // ");
		if (next) {
			*next = '\0';
			next += 4;
		}
		bar = strstr(at, " || ");
		talk[n] = (struct exchange){.asked = {at, bar ? (size_t)(bar - at) : 0},
		                            .said = span_of(bar ? bar + 4 : at)};
	}
	return n;
}

/* One field of what was said in a line of tests/data/readings.tsv; false: another one. */
static bool reads(struct ctx *cx, const char *field, const char *want, const char *text)
{
	struct exchange       talk[UTTERANCES_MAX];
	size_t                n = read_turns(cx, text, talk);
	const struct extract *x = rule_extract(cx, talk, n);
	const char           *got = NULL;

	want = strcmp(want, "-") == 0 ? NULL : want;
	if (strcmp(field, "intent") == 0)
		got = x ? intent_name(x->intent) : NULL;
	for (size_t i = 0; x && i < ENTITY_COUNT; i++)
		if (strcmp(field, entity_name((enum entity)i)) == 0)
			got = x->entities.text[i];
	if (is_same(got, want))
		return true;
	print_error("%s is \"%s\", want \"%s\": %s\n", field, got ? got : "", want ? want : "", text);
	return false;
}

static void reads_by_the_form_of_what_is_said(void **state)
{
	FILE    *f = fopen("tests/data/readings.tsv", "r");
	char     line[LINE_BYTES], *rest, *field, *want;
	unsigned wrong = 0, checked = 0;

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		struct arena *a = arena_new(16384);
		struct ctx    cx = {.arena = a};

		rest = line;
		line[strcspn(line, "\n")] = '\0';
		field = strsep(&rest, "\t");
		want = strsep(&rest, "\t");
		if (line[0] != '#' && rest) {
			checked++;
			wrong += !reads(&cx, field, want, rest);
		}
		arena_free(&a);
	}
	fclose(f);
	assert_true(checked >= 50);
	assert_int_equal(wrong, 0);
}

static void is_not_told_by_adversaries(void **state)
{
	(void)state;
	assert_true(check_file("tests/data/dialogues/adversaries.txt") >= 15);
}

static void knows_nothing_from_nothing(void **state)
{
	struct arena         *a = arena_new(4096);
	struct ctx            cx = {.arena = a};
	const struct exchange blank[] = {{.said = SPAN("")},
	                                 {.said = SPAN("   ")},
	                                 {.said = SPAN("...")}};

	(void)state;
	assert_null(rule_extract(&cx, NULL, 0));
	assert_null(rule_extract(&cx, blank, COUNT(blank)));
	arena_free(&a);
}

static double seconds_for(const char *unit, size_t bytes)
{
	struct arena   *a = arena_new(65536);
	struct ctx      cx = {.arena = a};
	char           *text = malloc(bytes);
	struct exchange said = {.asked = {text, bytes}, .said = {text, bytes}};
	struct timespec from, to;
	size_t          len = strlen(unit);

	assert_non_null(text);
	for (size_t i = 0; i < bytes; i++)
		text[i] = i / len * len + len <= bytes ? unit[i % len] : ' ';
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
	(void)rule_extract(&cx, &said, 1);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
	arena_free(&a);
	free(text);
	return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

static void takes_linear_time(void **state)
{
	static const char *const units[] = {
		"i'm dana ",
		"my name is ",
		"a@b.co ",
		"@",
		"at dot com ",
		"one ",
		"1 ",
		"50k ",
		"not ",
		"we want to ",
		"referred by ",
		"{",
		"i'm the ceo of ",
		"next week ",
		"vp ",
		"\xc3\xa9 ",
		"four one five ",
		"a dot ",
		"spelled a b c ",
		"from ",
		"need us! ",
		"x at y dot com ",
		"$1 ",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(units); i++) {
		double small = seconds_for(units[i], 4000), large = seconds_for(units[i], 40000);

		if (large > 40 * small + 0.05)
			fail_msg("\"%s\": %.4f s for 4 kB, %.4f s for 40 kB", units[i], small, large);
	}
}

/* What was known before is not read again in a long conversation; where nothing is, all is. */
static void reads_the_newest_where_the_rest_is_known(void **state)
{
	enum { N = 3 * RULE_EXTRACT_NEWEST };
	struct ctx       cx = {.arena = arena_new(65536)};
	struct extract   known = {.intent = INTENT_SUPPORTER_FAN};
	struct exchange  talk[N];
	struct rule_told told;

	(void)state;
	for (size_t i = 0; i < N; i++)
		talk[i] = (struct exchange){SPAN(""), SPAN("It is a nice day.")};
	talk[0].said = SPAN("I'm Dana Reyes from Northwind.");
	talk[N - 1].said = SPAN("Our budget is 50,000 euros.");
	rule_extract_on(&cx, NULL, talk, N, &told);
	assert_string_equal(told.all->entities.person_name, "Dana Reyes");
	assert_string_equal(told.all->entities.budget_range, "50,000 euros");
	assert_null(told.now.person_name);
	rule_extract_on(&cx, &known, talk, N, &told);
	assert_null(told.all->entities.person_name);
	assert_ptr_equal(told.now.budget_range, told.all->entities.budget_range);
	assert_string_equal(told.now.budget_range, "50,000 euros");
	arena_free(&cx.arena);
}

/* Said once more it is told once more; and a correction is told with what it corrects. */
static void tells_what_the_last_one_told(void **state)
{
	const struct exchange talk[] = {
		{SPAN(""), SPAN("I'm Dana Reyes from Northwind.")},
		{SPAN(""), SPAN("It's Northlight, not Northwind. I'm Dana Reyes.")},
	};
	struct ctx       cx = {.arena = arena_new(65536)};
	struct rule_told told;

	(void)state;
	rule_extract_on(&cx, NULL, talk, COUNT(talk), &told);
	assert_string_equal(told.now.org_name, "Northlight");
	assert_string_equal(told.now.person_name, "Dana Reyes");
	rule_extract_on(&cx, NULL, talk, 0, &told);
	assert_null(told.all);
	assert_null(told.now.org_name);
	arena_free(&cx.arena);
}

/* Who asks about something tells nothing of themselves; and what an organisation is, in small
 * letters, names one only where somebody speaks of their own. */
static void knows_what_is_asked_about_from_whose_it_is(void **state)
{
	static const struct {
		const char *said, *org;
	} known[] = {
		{"What is the capital of Portugal?", NULL},
		{"what is the capital of kenya", NULL},
		{"Paris is the capital of France, no?", NULL},
		{"I'm from the capital of Peru.", NULL},
		{"What is the foundation of Stoicism?", NULL},
		{"How is the bank of Japan financed?", NULL},
		{"Where is the museum of modern art?", NULL},
		{"who is the president of the society of jesus", NULL},
		{"Is the bank of Italy independent?", NULL},
		{"Why is the union of India called so?", NULL},
		{"Hey, what is the church of England?", NULL},
		{"What is Goldman Sachs Group?", NULL},
		{"what is digital marketing", NULL},
		{"What company is called Apple?", NULL},
		{"Did Facebook change its name to Meta?", NULL},
		{"Who is the CEO of Deutsche Bank?", NULL},
		{"Are you calling from the Bank of Ireland?", NULL},
		{"Do people like working at the Bank of Spain?", NULL},
		{"What should I see at the museum of modern art?", NULL},
		{"How can I get a job at the bank of england?", NULL},
		{"Excuse me, who is with the Ministry of Truth?", NULL},
		{"I would like to know who works for the Ministry of Finance", NULL},
		{"what do they do at goldman sachs group", NULL},
		{"Was ist das, Deutsche Bank?", NULL},
		{"Qual è la più grande, Banca Intesa, Banco Popolare?", NULL},
		{"¿Cuál es el mejor, Hotel Paris?", NULL},
		{"I bought a painting at the museum of modern art.", NULL},
		{"Bern is known for the museum of fine arts.", NULL},
		{"I work at the bank of england", "bank of england"},
		{"I work for the Bank of England, what is the capital of France?", "bank of england"},
		{"i'm kim from the society of jesus what is the capital of france", "society of jesus"},
		{"what is the capital of france i'm kim from the bank of england", "bank of england"},
		{"I'm calling from the university of oxford.", "university of oxford"},
		{"i represent the league of nations", "league of nations"},
		{"on behalf of the ministry of health", "ministry of health"},
		{"my employer is the bank of england", "bank of england"},
		{"This is the town hall of Saint-Malo.", "town hall of saint-malo"},
		{"it's for the town hall of Saint-Malo", "town hall of saint-malo"},
		{"we need a chatbot for the museum of modern art", "museum of modern art"},
		{"so what we need is a site for the bank of england", "bank of england"},
		{"is this the sales line, we're calling from the bank of england", "bank of england"},
		{"Could you send it to us at the bank of England?", "bank of england"},
		{"Could you call Dana Reyes from Northwind Labs back?", "northwind labs"},
		{"Who I work for is the Bank of England.", "bank of england"},
	};
	struct ctx cx = {.arena = arena_new(65536)};

	(void)state;
	for (size_t i = 0; i < COUNT(known); i++) {
		const struct exchange said = {.asked = SPAN(""), .said = span_of(known[i].said)};
		const struct extract *x = rule_extract(&cx, &said, 1);
		const char           *org = x ? x->entities.org_name : NULL;

		if (!is_same(org, known[i].org))
			fail_msg("%s: \"%s\"", known[i].said, org ? org : "");
		arena_reset(cx.arena);
	}
	arena_free(&cx.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_newest_where_the_rest_is_known),
		cmocka_unit_test(tells_what_the_last_one_told),
		cmocka_unit_test(knows_visitors),
		cmocka_unit_test(reads_by_the_form_of_what_is_said),
		cmocka_unit_test(is_not_told_by_adversaries),
		cmocka_unit_test(knows_what_is_asked_about_from_whose_it_is),
		cmocka_unit_test(knows_nothing_from_nothing),
		cmocka_unit_test(takes_linear_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
