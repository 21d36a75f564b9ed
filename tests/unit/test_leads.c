/* test_leads.c -- what rules find in whole conversations: recall and precision of each field.
 *
 *   test_leads [FILE]     another file's measure, without floors
 *
 * A line of tests/data/leads.jsonl is a conversation in two spellings, as a recogniser without
 * capitals writes it and as one with them does, and what has to be known at its end: a text, the
 * texts of which one has to be part of it, null for nothing, "*" for whatever. "asked" may hold
 * what the agent said before each turn. */
#include "../../common/base/json_in.h"
#include "../../common/base/str.h"
#include "../../common/base/unicode.h"
#include "../../common/domain/lead/money.h"
#include "../../common/domain/lead/rule_extract.h"
#include "../../common/domain/text/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { LINE_BYTES = 16384, TURNS_MAX = 32, FIELDS = 8, TEXT_BYTES = 1024, LEAST_AMOUNT = 100 };

static const struct {
	const char *name;
	double      recall, precision; /* at least */
} fields[FIELDS] = {
	{"person_name", .90, .95},  {"org_name", .85, .95}, {"role", .85, .90},
	{"budget_range", .95, .95}, {"timeline", .95, .90}, {"use_case", .85, .85},
	{"contact_email", 1, 1},    {"intent", .95, .95},
};

/* Values that had to be found, those that were, and what was found and is not so. */
struct measure {
	unsigned wanted, right, wrong;
};

static const char *other_file;

static const char *value_of(const struct extract *x, const char *field)
{
	if (!x)
		return NULL;
	for (size_t i = 0; i < ENTITY_COUNT; i++)
		if (strcmp(entity_name((enum entity)i), field) == 0)
			return x->entities.text[i];
	return intent_name(x->intent);
}

/* Folded words with single spaces; "the" in front is part of a name or not. */
static void squeeze(const char *text, char out[TEXT_BYTES])
{
	char        folded[TEXT_BYTES];
	struct span rest, word;
	size_t      len = 0;

	rest = (struct span){folded, unicode_fold_text(span_of(text), folded, sizeof(folded))};
	out[0] = '\0';
	for (size_t n = 0; words_next(&rest, &word); n++)
		if (n > 0 || !words_equal(word, "the"))
			len += (size_t)snprintf(out + len, TEXT_BYTES - len, "%s%.*s", len ? " " : "",
			                        (int)word.len, word.ptr);
}

/* Is it one that was wanted? A list wants a part, a single text the whole. */
static bool is_wanted(const struct cJSON *want, const char *got)
{
	char value[TEXT_BYTES], part[TEXT_BYTES];

	if (!got)
		return false;
	squeeze(got, value);
	if (json_type(want) == JSON_STRING) {
		squeeze(json_text_at(want, ""), part);
		return strcmp(value, part) == 0;
	}
	for (const struct cJSON *one = json_first(want); one; one = json_next(one)) {
		if (json_type(one) != JSON_STRING)
			continue;
		squeeze(json_text_at(one, ""), part);
		/* "500 bucks" is "five hundred". */
		if (strstr(value, part) || (money_largest(span_of(part)) >= LEAST_AMOUNT &&
		                            money_largest(span_of(part)) == money_largest(span_of(got))))
			return true;
	}
	return false;
}

static bool may_be_missing(const struct cJSON *want)
{
	for (const struct cJSON *one = json_first(want); one; one = json_next(one))
		if (json_type(one) == JSON_NULL)
			return true;
	return json_type(want) == JSON_NULL;
}

static void weigh(struct measure *m, const struct cJSON *want, const char *got, const char *what)
{
	bool is_needed = !may_be_missing(want), is_right = is_wanted(want, got);

	if (json_type(want) == JSON_STRING && str_equal(json_text_at(want, ""), "*"))
		return;
	m->wanted += is_needed;
	m->right += is_right && is_needed;
	m->wrong += got && !is_right;
	if (!is_right && (got || is_needed))
		print_message("%s is \"%s\"\n", what, got ? got : "");
}

/* What the agent asked before turn n, where the conversation tells it. */
static struct span asked_before(const struct cJSON *line, size_t n)
{
	char        path[32];
	const char *text;

	snprintf(path, sizeof(path), "asked[%zu]", n);
	text = json_text_at(line, path);
	return text ? span_of(text) : SPAN("");
}

static void look_at(struct ctx *cx, const struct cJSON *line, const char *spelling,
                    struct measure all[FIELDS])
{
	struct exchange     talk[TURNS_MAX] = {{.asked = {NULL, 0}}};
	size_t              n = 0;
	const struct cJSON *turns = json_at(line, spelling);
	struct extract     *x;

	for (const struct cJSON *turn = json_first(turns); turn; turn = json_next(turn)) {
		assert_true(n < TURNS_MAX);
		talk[n].asked = asked_before(line, n);
		talk[n++].said = span_of(json_text_at(turn, ""));
	}
	x = rule_extract(cx, talk, n);
	for (size_t i = 0; i < FIELDS; i++) {
		char path[64], what[128];

		snprintf(path, sizeof(path), "expected.%s", fields[i].name);
		snprintf(what, sizeof(what), "%g %s: %s", json_num_at(line, "id", 0), spelling,
		         fields[i].name);
		if (json_at(line, path))
			weigh(&all[i], json_at(line, path), value_of(x, fields[i].name), what);
	}
}

static double share(unsigned part, unsigned whole)
{
	return whole ? (double)part / whole : 1;
}

static unsigned measure(const char *file, const char *spelling, struct measure all[FIELDS])
{
	FILE    *f = fopen(file, "r");
	char     line[LINE_BYTES];
	unsigned n = 0;

	assert_non_null(f);
	for (; fgets(line, sizeof(line), f); n++) {
		struct arena       *a = arena_new(65536);
		struct ctx          cx = {.arena = a};
		const struct cJSON *root;

		assert_null(json_parse(&cx, span_of(line), &root));
		look_at(&cx, root, spelling, all);
		arena_free(&a);
	}
	fclose(f);
	for (size_t i = 0; i < FIELDS; i++)
		print_message("%-14s recall %3u/%-3u %.2f, precision %.2f\n", fields[i].name, all[i].right,
		              all[i].wanted, share(all[i].right, all[i].wanted),
		              share(all[i].right, all[i].right + all[i].wrong));
	return n;
}

static void check(const char *spelling)
{
	struct measure all[FIELDS] = {{.wanted = 0}};
	const char    *file = other_file ? other_file : "tests/data/leads.jsonl";
	unsigned       n = measure(file, spelling, all), low = 0;

	for (size_t i = 0; i < FIELDS; i++)
		low += share(all[i].right, all[i].wanted) < fields[i].recall ||
		       share(all[i].right, all[i].right + all[i].wrong) < fields[i].precision;
	if (!other_file) {
		assert_true(n >= 20);
		assert_int_equal(low, 0);
	}
}

static void finds_what_a_recogniser_writes(void **state)
{
	(void)state;
	check("turns");
}

static void finds_what_whisper_writes(void **state)
{
	(void)state;
	check("turns_as_whisper_writes");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_a_recogniser_writes),
		cmocka_unit_test(finds_what_whisper_writes),
	};

	other_file = argc > 1 ? argv[1] : NULL;
	json_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
