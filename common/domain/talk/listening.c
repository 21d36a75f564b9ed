/* listening.c -- what was told, what was asked already, and what was told before. */
#include "listening.h"

#include "../lead/rules.h"
#include "../text/words.h"
#include "prompt.h"

enum { MESSAGES_MAX = 200 };

const struct extract_entities listening_nothing;

static bool is_asking(struct ctx *cx, const char *reply, enum slot slot)
{
	static const unsigned subjects[SLOTS_N] = {
		[SLOT_NAME] = ASKED_NAME,        [SLOT_WORK] = ASKED_ORG | ASKED_ROLE,
		[SLOT_PROBLEM] = ASKED_USE_CASE, [SLOT_TIMELINE] = ASKED_TIMELINE,
		[SLOT_BUDGET] = ASKED_BUDGET,    [SLOT_CONTACT] = 0,
	};

	if (!strchr(reply, '?'))
		return false;
	if (slot == SLOT_CONTACT)
		return words_contain(span_of(reply), "email");
	return rules_subjects_of(cx, span_of(reply)) & subjects[slot];
}

/* One of the lines of an occasion that needs nothing filled in. */
static bool says(const struct talk *t, const char *reply, int occasion)
{
	const char *lines[LINES_MAX + 1];

	lines_for(occasion, t->mode, lines);
	for (size_t i = 0; lines[i]; i++)
		if (strcasestr(reply, lines[i]))
			return true;
	return false;
}

static void hear_reply(struct talk *t, const char *reply)
{
	for (enum slot slot = SLOT_NAME; slot < SLOTS_N; slot++)
		t->was_asked[slot] |= is_asking(t->cx, reply, slot);
	/* Nor is anything asked of who was in distress, whatever comes after it. */
	t->was_stopped |= says(t, reply, ACT_stop_asking) || says(t, reply, SAY_staying) ||
	                  strstr(reply, t->reading->distress_line);
	memmove(t->replies + 1, t->replies, (REPLIES_KEPT - 1) * sizeof(*t->replies));
	t->replies[0] = reply;
	t->replies_n += t->replies_n < REPLIES_KEPT;
}

static void hear_message(struct talk *t, const char *message)
{
	static const char *const money[] = {"budget", "money", "free", "afford"};

	t->has_money_talk |= WORDS_ANY(span_of(message), money) != NULL;
}

/* Who is in danger tells nothing that is taken down. */
static void take_facts(struct talk *t)
{
	const struct rule_told *told = t->reading->act == ACT_distress ? NULL : t->reading->told;
	const struct extract *known = extract_merge(t->cx, t->reading->known, told ? told->all : NULL);

	t->known = known ? &known->entities : &listening_nothing;
	t->now = told ? &told->now : &listening_nothing;
}

static void walk(struct talk *t, const struct chat_message *messages, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (messages[i].role == CHAT_SYSTEM)
			t->system = messages[i].content;
		else if (messages[i].role == CHAT_ASSISTANT)
			hear_reply(t, messages[i].content);
		else
			hear_message(t, messages[i].content);
	}
	t->message = span_of(n ? messages[n - 1].content : "");
	take_facts(t);
}

/* What was said in this very conversation needs no date. */
static bool was_said_here(struct span memory, const struct chat_message *messages, size_t n)
{
	struct span words;

	recollection_source(memory, NULL, &words);
	for (size_t i = 0; i < n; i++)
		if (messages[i].role == CHAT_USER &&
		    span_equal(words, span_trim(span_of(messages[i].content))))
			return true;
	return false;
}

/* A question may be answered by what was told before. */
static void remember(struct talk *t, const struct chat_message *messages, size_t n)
{
	struct prompt_memory memories[PROMPT_MEMORIES_MAX];
	bool                 is_recall = t->reading->act == ACT_recall;
	size_t               memories_n;

	if (!is_recall && t->reading->act != ACT_question)
		return;
	memories_n = prompt_read_memories(t->cx->arena, t->system, memories, COUNT(memories));
	for (size_t i = 0; i < memories_n; i++)
		if (was_said_here(span_of(memories[i].text), messages, n))
			memories[i].date = NULL;
	recollection_find(t->cx, t->message, is_recall, t->known->person_name, memories, memories_n,
	                  &t->told);
}

void listen_to(struct talk *t, const struct chat_message *messages, size_t n)
{
	size_t from = n > MESSAGES_MAX ? n - MESSAGES_MAX : 0;

	walk(t, messages + from, n - from);
	if (from && messages[0].role == CHAT_SYSTEM)
		t->system = messages[0].content;
	remember(t, messages, n);
}
