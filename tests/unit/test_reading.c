/* test_reading.c -- what the built-in responder says of a visitor is what their extract says.
 *
 * All conversations of tests/data are played with it, turn by turn as agent_reply does. */
#include "../../common/domain/talk/reading.h"

#include "../../common/base/json_in.h"
#include "../../common/base/str.h"
#include "../../common/domain/talk/responder.h"
#include "../../common/domain/talk/responder_lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { LINE_BYTES = 16384, TURNS_MAX = 40, MARK_BYTES_MIN = 5 };

struct play {
	struct ctx           *cx;
	enum mode             mode;
	struct utterance_text history[2 * TURNS_MAX];
	size_t                n;
	const struct extract *known;
	const char           *reply;
	unsigned              facts; /* that replies stated */
};

/* As lead_join() ends: what the extract of this turn says. */
static const char *say(struct play *p, const char *said)
{
	struct act_words       words = act_words_of(p->cx, span_of(said));
	struct chat_message    messages[2 * TURNS_MAX + 1];
	struct rule_told       told;
	size_t                 talk_n;
	const struct exchange *talk = reading_talk(p->cx, p->history, p->n, said, &talk_n);
	struct reading         reading = {.act = act_of(p->cx, &words, NULL, NULL),
	                                  .known = p->known,
	                                  .told = &told,
	                                  .distress_line = "Please call somebody"};

	rule_extract_on(p->cx, p->known, talk, talk_n, &told);
	for (size_t i = 0; i < p->n; i++)
		messages[i] = (struct chat_message){i % 2 ? CHAT_ASSISTANT : CHAT_USER, p->history[i].text};
	messages[p->n] = (struct chat_message){CHAT_USER, said};
	p->reply = responder_reply(p->cx, messages, p->n + 1, p->mode, &reading);
	p->known = extract_merge(p->cx, p->known, told.all);
	p->history[p->n++] = (struct utterance_text){.speaker = SPEAKER_VISITOR, .text = said};
	p->history[p->n++] = (struct utterance_text){.speaker = SPEAKER_AGENT, .text = p->reply};
	return p->reply;
}

/* ---- what a reply states ---- */

/* The line as it would be said of this extract; NULL: it can not. */
static const char *filled(struct play *p, const char *line)
{
	static const struct extract_entities nothing;
	const struct extract_entities       *e = p->known ? &p->known->entities : &nothing;
	const char                          *name = e->person_name ? e->person_name : "";
	const struct {
		const char *placeholder, *value;
	} values[] = {{"{name}", arena_strndup(p->cx->arena, name, strcspn(name, " "))},
	              {"{org}", e->org_name},
	              {"{role}", e->role},
	              {"{amount}", e->budget_range},
	              {"{when}", e->timeline}};
	struct buf b = buf_new(p->cx->arena, 0);

	while (*line) {
		size_t i = 0;

		while (i < COUNT(values) && !span_starts(span_of(line), span_of(values[i].placeholder)))
			i++;
		if (i == COUNT(values)) {
			buf_char(&b, *line++);
			continue;
		}
		if (!values[i].value || !*values[i].value)
			return NULL;
		buf_str(&b, values[i].value);
		line += strlen(values[i].placeholder);
	}
	return buf_text(&b);
}

/* The longest part of the line that is the same whoever it is said to. */
static const char *mark_of(struct ctx *cx, const char *line)
{
	const char *best = "", *from = line;
	size_t      longest = 0;

	while (*from) {
		size_t n = strcspn(from, "{");

		if (n > longest) {
			longest = n;
			best = arena_strndup(cx->arena, from, n);
		}
		from += n;
		from += *from ? strcspn(from, "}") + 1 : 0;
	}
	return best;
}

static bool has_line_with(struct play *p, const char *mark)
{
	const char *lines[LINES_MAX + 1];

	for (int occasion = 0; occasion <= SAY_number; occasion++) {
		lines_for(occasion, p->mode, lines);
		for (size_t i = 0; lines[i]; i++) {
			const char *line = strcasestr(lines[i], mark) ? filled(p, lines[i]) : NULL;

			if (line && strcasestr(p->reply, line))
				return true;
		}
	}
	return false;
}

/* Where a line stands in the reply that states something, it states what is in the extract. */
static void check_facts(struct play *p, const char *said)
{
	static const int occasions[] = {SAY_name, SAY_role_org, SAY_role, SAY_org,
	                                SAY_both, SAY_amount,   SAY_when};
	const char      *lines[LINES_MAX + 1];

	for (size_t k = 0; k < COUNT(occasions); k++) {
		lines_for(occasions[k], p->mode, lines);
		for (size_t i = 0; lines[i]; i++) {
			const char *mark = mark_of(p->cx, lines[i]);

			assert_true(strlen(mark) >= MARK_BYTES_MIN);
			if (!strcasestr(p->reply, mark))
				continue;
			p->facts++;
			if (!has_line_with(p, mark))
				fail_msg("\"%s\" is answered \"%s\": that is not in the extract", said, p->reply);
		}
	}
}

static void take_turn(struct play *p, const char *said)
{
	assert_true(p->n < 2 * TURNS_MAX);
	say(p, arena_strdup(p->cx->arena, said));
	check_facts(p, said);
}

/* ---- all conversations ---- */

static void begin_anew(struct play *p)
{
	p->n = 0;
	p->known = NULL;
	p->mode = (p->mode + 1) % (MODE_INTERVIEWER + 1);
}

static unsigned play_dialogues(struct play *p, const char *path)
{
	FILE    *f = fopen(path, "re");
	char     line[LINE_BYTES];
	unsigned turns = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '=')
			begin_anew(p);
		else if (line[0] == '<' && p->n)
			p->history[p->n - 1].text = arena_strdup(p->cx->arena, line + 2);
		else if (line[0] == '>' && ++turns)
			take_turn(p, line + 2);
	}
	fclose(f);
	return turns;
}

static unsigned play_leads(struct play *p, const char *path, const char *spelling)
{
	FILE    *f = fopen(path, "re");
	char     line[LINE_BYTES];
	unsigned turns = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		const struct cJSON *root;

		begin_anew(p);
		assert_null(json_parse(p->cx, span_of(line), &root));
		for (const struct cJSON *turn = json_first(json_at(root, spelling)); turn;
		     turn = json_next(turn), turns++)
			take_turn(p, json_text_at(turn, ""));
	}
	fclose(f);
	return turns;
}

static void says_what_the_extract_says(void **state)
{
	static const char *const files[] = {"visitors", "service", "answers", "faults", "adversaries"};
	struct ctx               cx = {.arena = arena_new(1 << 20)};
	struct play              p = {.cx = &cx};
	unsigned                 turns = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++)
		turns +=
			play_dialogues(&p, arena_printf(cx.arena, "tests/data/dialogues/%s.txt", files[i]));
	turns += play_leads(&p, "tests/data/leads.jsonl", "turns");
	turns += play_leads(&p, "tests/data/leads.jsonl", "turns_as_whisper_writes");
	turns += play_leads(&p, "tests/data/talk.jsonl", "turns");
	print_message("%u facts in %u turns\n", p.facts, turns);
	assert_true(turns > 500 && p.facts > 400);
	arena_free(&cx.arena);
}

/* What was told is corrected for both: the newest message alone would tell something else. */
static void corrects_for_both(void **state)
{
	static const char *const talk[] = {"I'm Dana Reyes from Northwind Traders.",
	                                   "It's Northlight, not Northwind."};
	struct ctx               cx = {.arena = arena_new(1 << 20)};
	struct play              p = {.cx = &cx, .mode = MODE_PROFESSIONAL};

	(void)state;
	for (size_t i = 0; i < COUNT(talk); i++)
		take_turn(&p, talk[i]);
	assert_string_equal(p.known->entities.org_name, "Northlight Traders");
	assert_non_null(strstr(p.reply, "Northlight Traders"));
	arena_free(&cx.arena);
}

/* Distress is no part of a talk, and what it was asked by is not answered by what follows it. */
static void leaves_distress_out(void **state)
{
	const struct utterance_text history[] = {
		{.speaker = SPEAKER_VISITOR, .text = "We sell bread."},
		{.speaker = SPEAKER_AGENT, .text = "May I ask your name?"},
		{.speaker = SPEAKER_VISITOR, .text = "I want to die.", .is_in_distress = true},
		{.speaker = SPEAKER_AGENT, .text = "Please call somebody.", .is_in_distress = true},
	};
	struct ctx             cx = {.arena = arena_new(1 << 16)};
	size_t                 n;
	const struct exchange *talk = reading_talk(&cx, history, COUNT(history), "Rachel", &n);

	(void)state;
	assert_int_equal(n, 2);
	assert_true(span_equal(talk[0].said, SPAN("We sell bread.")));
	assert_int_equal(talk[1].asked.len, 0);
	arena_free(&cx.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_the_extract_says),
		cmocka_unit_test(corrects_for_both),
		cmocka_unit_test(leaves_distress_out),
	};

	json_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
