/* responder.c -- from a conversation to the next reply, by rules.
 *
 * Two steps: listen() walks the conversation once and collects what is known
 * and what was asked already; then one function per kind of message picks the
 * sentences. Lines live in responder_lines.c, the reading of a single message in
 * speech_act.c. */
#include "responder.h"

#include "prompt.h"
#include "responder_lines.h"
#include "responder_shared.h"
#include "speech_act.h"
#include "recollection.h"
#include "../text/words.h"

#include <ctype.h>

enum { MESSAGES_MAX = 200, LINES_KEPT = 2, CONTACT_ASKS_MAX = 2, NAME_EVERY = 4 };

struct talk {
	struct arena        *arena;
	const char          *system;
	const struct manner *manner;
	struct speech_act    known; /* from the whole conversation, newest wins */
	struct speech_act    now;   /* the newest message */
	bool                 is_new_name, is_new_work;
	bool                 is_silence, is_performer, has_history;
	bool                 was_asked[SLOTS_N];
	int                  last_slot;                /* asked in the last reply; -1: none */
	const char          *last_replies[LINES_KEPT]; /* newest first */
	const char          *memory;                   /* the gist of a memory to refer to; NULL */
	struct recollection  told;                     /* what of the memories answers a question */
	unsigned             contact_asked;            /* how often */
	unsigned             turn;                     /* messages of the visitor so far */
};

/* ---- Listening ---- */

static int slot_asked_in(const char *reply)
{
	for (int slot = SLOTS_N - 1; slot >= 0; slot--)
		for (enum mode mode = MODE_WILLIAM; mode <= MODE_INTERVIEWER; mode++)
			for (size_t i = 0; i < 2; i++)
				if (strstr(reply, manner_of(mode)->questions[slot][i]))
					return slot;
	/* A reply of another engine that asks for the name. */
	return strchr(reply, '?') && words_contain(span_of(reply), "your name") ? SLOT_NAME : -1;
}

static void hear_reply(struct talk *t, const char *reply)
{
	t->last_slot = slot_asked_in(reply);
	if (t->last_slot >= 0)
		t->was_asked[t->last_slot] = true;
	t->contact_asked += t->last_slot == SLOT_CONTACT;
	t->last_replies[1] = t->last_replies[0];
	t->last_replies[0] = reply;
	t->has_history = true;
}

static void keep(const char **known, const char *heard)
{
	if (heard)
		*known = heard;
}

static void learn(struct speech_act *known, const struct speech_act *heard)
{
	keep(&known->name, heard->name);
	keep(&known->company, heard->company);
	keep(&known->role, heard->role);
	keep(&known->amount, heard->amount);
	keep(&known->when, heard->when);
	/* A question's subject is not what the conversation is about. */
	if (heard->kind == SPEECH_ACT_STATEMENT || heard->kind == SPEECH_ACT_HELP)
		keep(&known->topic, heard->topic);
	known->has_email |= heard->has_email;
	known->has_problem |= heard->has_problem;
	known->has_work |= heard->has_work;
}

/* "Alex Moreno", some turns after the name was asked for. */
static bool is_two_names(const struct talk *t, const char *message)
{
	struct span rest = span_of(message), first, second;

	return t->was_asked[SLOT_NAME] && !t->known.name && words_count(rest) == 2 &&
	       words_next(&rest, &first) && words_next(&rest, &second) && words_is_capitalised(first) &&
	       words_is_capitalised(second);
}

static void hear_message(struct talk *t, const char *message)
{
	const char *name_before = t->known.name;

	t->turn++;
	t->is_silence = prompt_is_silence(message);
	if (t->is_silence)
		return;
	speech_act_read(t->arena, message, &t->now);
	if (!t->now.name && (t->last_slot == SLOT_NAME || is_two_names(t, message)) &&
	    t->now.kind == SPEECH_ACT_STATEMENT)
		t->now.name = speech_act_bare_name(t->arena, message);
	if (t->now.name && t->now.topic && words_contain(span_of(t->now.topic), t->now.name))
		t->now.topic = NULL;
	t->is_new_name = t->now.name && !(name_before && str_equal(name_before, t->now.name));
	t->is_new_work = t->now.company || t->now.role;
	learn(&t->known, &t->now);
}

/* A memory's gist in a few words; NULL when it is not the visitor's or gives orders. */
static const char *gist(struct talk *t, const char *memory)
{
	struct span              text;
	struct speech_act        said;
	enum recollection_source by = recollection_source(span_of(memory), t->known.name, &text);

	if (by == RECOLLECTION_BY_AGENT)
		return NULL;
	if (by == RECOLLECTION_BY_OTHER)
		text = span_of(memory);
	speech_act_read(t->arena, text.ptr, &said);
	if (said.kind == SPEECH_ACT_ORDERS)
		return NULL;
	if (!t->known.name)
		t->known.name = said.name;
	if (!t->known.company)
		t->known.company = said.company;
	return said.topic;
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

/* The first message may refer to any memory, later ones to what the hint says is on topic;
 * a question may be answered by one at any time. */
static void remember(struct talk *t, const struct chat_message *messages, size_t n)
{
	struct prompt_memory memories[PROMPT_MEMORIES_MAX];
	struct span          message = span_of(messages[n - 1].content);
	size_t memories_n = prompt_read_memories(t->arena, t->system, memories, COUNT(memories));
	bool   may_refer = prompt_has_hint(t->system, HINT_CALLBACK) || !t->has_history;

	for (size_t i = 0; i < memories_n; i++) {
		const char *about = gist(t, memories[i].text);
		bool        fits = t->now.kind == SPEECH_ACT_GREETING ||
		            dynamics_shares_topic(message, span_of(memories[i].text));

		if (about && may_refer && fits && !t->memory)
			t->memory = about;
		if (was_said_here(span_of(memories[i].text), messages, n))
			memories[i].date = NULL;
	}
	if (t->now.kind == SPEECH_ACT_QUESTION || t->now.kind == SPEECH_ACT_RECALL)
		recollection_find(t->arena, message, t->now.kind == SPEECH_ACT_RECALL, t->known.name,
		                  memories, memories_n, &t->told);
}

static void listen(struct talk *t, const struct chat_message *messages, size_t n)
{
	size_t from = n > MESSAGES_MAX ? n - MESSAGES_MAX : 0;

	t->last_slot = -1;
	t->system = n && messages[0].role == CHAT_SYSTEM ? messages[0].content : "";
	t->is_performer = prompt_is_performer(t->system);
	for (size_t i = from; i < n; i++) {
		if (messages[i].role == CHAT_ASSISTANT)
			hear_reply(t, messages[i].content);
		else if (messages[i].role == CHAT_USER)
			hear_message(t, messages[i].content);
	}
	if (n && messages[n - 1].role == CHAT_USER)
		remember(t, messages, n);
}

/* ---- Choosing and filling lines ---- */

/* Role and company in one phrase; NULL when neither is new. */
static const char *who(const struct talk *t)
{
	static const char *const of_titles[] = {"founder", "co founder", "cofounder", "ceo",  "cto",
	                                        "cfo",     "cmo",        "coo",       "owner"};
	const char              *joint = "at";

	if (!t->now.role || !t->known.company)
		return t->now.role ? t->now.role : t->now.company;
	if (WORDS_ANY(span_of(t->now.role), of_titles) && !words_contain(span_of(t->now.role), "of"))
		joint = "of";
	return arena_printf(t->arena, "%s %s %s", t->now.role, joint, t->known.company);
}

/* The topic of the newest message, with the company it came with; else the last one known. */
static const char *topic(const struct talk *t)
{
	if (t->now.topic && t->now.company)
		return arena_printf(t->arena, "%s at %s", t->now.topic, t->now.company);
	return t->now.topic ? t->now.topic : t->known.topic;
}

/* The value of the placeholder at *p, which moves behind it. */
static const char *value_of(const struct talk *t, const char **p)
{
	const struct {
		struct span name;
		const char *value;
	} values[] = {
		{SPAN("{name}"), t->known.name}, {SPAN("{who}"), who(t)},
		{SPAN("{topic}"), topic(t)},     {SPAN("{amount}"), t->now.amount},
		{SPAN("{when}"), t->now.when},   {SPAN("{memory}"), t->memory},
		{SPAN("{told}"), t->told.words}, {SPAN("{day}"), t->told.day},
	};

	for (size_t i = 0; i < COUNT(values); i++) {
		if (strncmp(*p, values[i].name.ptr, values[i].name.len) == 0) {
			*p += values[i].name.len;
			return values[i].value;
		}
	}
	return NULL;
}

/* The line with its placeholders filled; NULL when one of them is unknown. */
static const char *fill(const struct talk *t, const char *line)
{
	struct buf b = buf_new(t->arena, 0);

	for (const char *p = line; *p;) {
		const char *value;

		if (*p != '{') {
			buf_char(&b, *p++);
			continue;
		}
		value = value_of(t, &p);
		if (!value)
			return NULL;
		buf_str(&b, value);
	}
	return buf_text(&b);
}

static bool was_just_said(const struct talk *t, const char *sentence)
{
	for (size_t i = 0; i < LINES_KEPT; i++)
		if (t->last_replies[i] && strcasestr(t->last_replies[i], sentence))
			return true;
	return false;
}

/* One of the lines, by the turn; not one that was just said if there is another. ""
 * when none fits. */
static const char *pick(const struct talk *t, const char *const *lines, size_t n)
{
	const char *spare = "";

	while (n && !lines[n - 1])
		n--;
	for (size_t i = 0; i < n; i++) {
		const char *line = fill(t, lines[(t->turn + n - 1 + i) % n]);

		if (line && !was_just_said(t, line))
			return line;
		if (line && !*spare)
			spare = line;
	}
	return spare;
}
#define PICK(t, lines) pick((t), (lines), COUNT(lines))

/* ---- The next question ---- */

static bool is_known(const struct talk *t, enum slot slot)
{
	switch (slot) {
	case SLOT_NAME:
		return t->known.name != NULL;
	case SLOT_WORK:
		return t->known.company || t->known.role || t->known.has_work;
	case SLOT_PROBLEM:
		return t->known.has_problem;
	case SLOT_DEPTH:
		return !t->known.topic;
	case SLOT_TIMELINE:
		return t->known.when != NULL;
	case SLOT_BUDGET:
		return t->known.amount != NULL;
	case SLOT_CONTACT:
		return t->known.has_email;
	}
	return true;
}

static const char *ask_slot(const struct talk *t, enum slot slot)
{
	return pick(t, t->manner->questions[slot], 2);
}

static const char *ask_next(const struct talk *t)
{
	for (enum slot slot = SLOT_NAME; slot <= SLOT_CONTACT; slot++)
		if (!is_known(t, slot) && !t->was_asked[slot])
			return ask_slot(t, slot);
	return PICK(t, t->manner->open);
}

/* A hint's question comes before the next slot's, but never twice running. */
static const char *ask_by_hint(const struct talk *t)
{
	if (!t->known.name || t->last_slot < 0)
		return NULL;
	if (prompt_has_hint(t->system, HINT_STRIKING))
		return PICK(t, striking_questions);
	if (prompt_has_hint(t->system, HINT_VAGUE))
		return PICK(t, vague_questions);
	if (prompt_has_hint(t->system, HINT_NO_NUMBER))
		return PICK(t, number_questions);
	return NULL;
}

/* ---- Taking up what was said ---- */

static const char *acknowledge_specifics(const struct talk *t)
{
	if (t->now.is_sad)
		return PICK(t, sad_lines);
	if (t->now.has_email)
		return PICK(t, email_lines);
	if (t->now.amount && t->now.when)
		return PICK(t, both_lines);
	if (t->now.amount)
		return PICK(t, amount_lines);
	if (t->memory && !was_just_said(t, t->memory))
		return PICK(t, memory_lines);
	if (t->now.role && t->now.company)
		return PICK(t, t->manner->work);
	if (t->now.when && t->now.topic)
		return PICK(t, topic_when_lines);
	if (t->now.when && t->last_slot == SLOT_TIMELINE)
		return PICK(t, when_lines);
	if (t->now.is_unsure)
		return PICK(t, unsure_lines);
	if (t->now.topic)
		return PICK(t, t->manner->topic);
	if (t->is_new_work)
		return PICK(t, t->manner->work);
	return t->now.when ? PICK(t, when_lines) : "";
}

/* "Good to meet you, Dana; so the heart of it ..." */
static const char *joined(const struct talk *t, const char *first, const char *joint,
                          const char *second)
{
	bool is_name_first =
		t->known.company && strncmp(second, t->known.company, strlen(t->known.company)) == 0;
	bool is_one_letter = second[0] && !islower((unsigned char)second[1]); /* "I hear", "VP of" */

	if (!*first || !*second)
		return *first ? first : second;
	return arena_printf(t->arena, "%s%s %c%s", first, joint,
	                    is_name_first || is_one_letter ? second[0]
	                                                   : tolower((unsigned char)second[0]),
	                    second + 1);
}

static const char *acknowledge(const struct talk *t)
{
	const char *specifics = acknowledge_specifics(t);

	if (t->is_new_name)
		return joined(t, PICK(t, name_lines), ";", specifics);
	if (!*specifics)
		specifics = PICK(t, t->manner->plain);
	if (t->known.name && t->turn % NAME_EVERY == 0)
		return joined(t, t->known.name, ",", specifics);
	return specifics;
}

static const char *recap(const struct talk *t)
{
	const char *parts[] = {t->known.name,  t->known.role,   t->known.company,
	                       t->known.topic, t->known.amount, t->known.when};
	struct buf  b = buf_new(t->arena, 0);

	for (size_t i = 0; i < COUNT(parts); i++)
		if (parts[i])
			buf_printf(&b, "%s%s", b.len ? ", " : "So far I have this from you: ", parts[i]);
	if (b.len)
		return buf_text(&b);
	return t->memory ? PICK(t, memory_lines) : "You haven't told me that yet";
}

static const char *greet(const struct talk *t)
{
	const char *hello = t->has_history ? PICK(t, hello_again) : PICK(t, hello_lines);

	if (!t->has_history && t->memory)
		return joined(t, t->known.name ? PICK(t, hello_back) : "Welcome back", ";",
		              PICK(t, memory_lines));
	return t->is_new_name ? PICK(t, name_lines) : hello;
}

/* ---- Composing ---- */

struct answer {
	const char *statement;
	const char *question; /* NULL: the next one; "": none */
};

/* Asking back suits the first question, not a row of them. */
static bool may_ask_why(const struct talk *t)
{
	for (size_t i = 0; i < COUNT(why_questions); i++)
		if (was_just_said(t, why_questions[i]))
			return false;
	return t->has_history && t->now.topic;
}

static struct answer answer_person(const struct talk *t)
{
	if (t->known.has_email)
		return (struct answer){PICK(t, person_noted), NULL};
	return (struct answer){PICK(t, person_lines), ask_slot(t, SLOT_CONTACT)};
}

/* Yes or no to the last question. */
static struct answer answer_brief(const struct talk *t)
{
	if (t->now.kind == SPEECH_ACT_YES && t->last_slot == SLOT_CONTACT && !t->known.has_email &&
	    t->contact_asked < CONTACT_ASKS_MAX)
		return (struct answer){PICK(t, yes_lines), ask_slot(t, SLOT_CONTACT)};
	return (struct answer){t->now.kind == SPEECH_ACT_YES ? PICK(t, yes_lines) : PICK(t, no_lines),
	                       NULL};
}

/* With the visitor's own words from before, or with a note that has no name on it. */
static struct answer answer_told(const struct talk *t)
{
	struct answer     answer = {PICK(t, told_lines), PICK(t, told_questions)};
	struct speech_act said;

	if (t->told.is_note)
		answer.statement = PICK(t, note_lines);
	else if (t->told.day)
		answer.statement = PICK(t, told_on_lines);
	speech_act_read(t->arena, t->told.words, &said);
	if (said.is_sad)
		answer.question = "";
	return answer;
}

static struct answer answer(const struct talk *t)
{
	bool has_name = t->known.name != NULL;

	if (t->told.words)
		return answer_told(t);
	switch (t->now.kind) {
	case SPEECH_ACT_NOTHING:
		return (struct answer){PICK(t, nothing_lines), PICK(t, say_again)};
	case SPEECH_ACT_FOREIGN:
		return (struct answer){PICK(t, foreign_lines), PICK(t, in_english)};
	case SPEECH_ACT_ORDERS:
		return (struct answer){PICK(t, orders_lines), NULL};
	case SPEECH_ACT_GOODBYE:
		return (struct answer){has_name ? PICK(t, goodbye_named) : PICK(t, goodbye_lines), ""};
	case SPEECH_ACT_IF_AI:
		return (struct answer){PICK(t, if_ai_lines), NULL};
	case SPEECH_ACT_WHO:
		return (struct answer){PICK(t, who_lines), NULL};
	case SPEECH_ACT_WHAT:
		return (struct answer){PICK(t, what_lines), NULL};
	case SPEECH_ACT_HOW_ARE_YOU:
		return (struct answer){PICK(t, how_are_you_lines), NULL};
	case SPEECH_ACT_RECALL:
		return (struct answer){recap(t), NULL};
	case SPEECH_ACT_HEAR_ME:
		return (struct answer){PICK(t, hear_me_lines), NULL};
	case SPEECH_ACT_STOP:
		return (struct answer){PICK(t, stop_lines), ""};
	case SPEECH_ACT_RUDE:
		return (struct answer){PICK(t, rude_lines), ""};
	case SPEECH_ACT_WHY_ASK:
		return (struct answer){PICK(t, why_ask_lines), NULL};
	case SPEECH_ACT_PRICE:
		return (struct answer){PICK(t, price_lines), NULL};
	case SPEECH_ACT_PERSON:
		return answer_person(t);
	case SPEECH_ACT_HELP:
		return (struct answer){t->now.topic ? PICK(t, help_topic) : PICK(t, help_lines), NULL};
	case SPEECH_ACT_ADVICE:
		return (struct answer){PICK(t, t->manner->advice), NULL};
	case SPEECH_ACT_QUESTION:
		return (struct answer){PICK(t, t->manner->unknown),
		                       may_ask_why(t) ? PICK(t, why_questions) : NULL};
	case SPEECH_ACT_THANKS:
		return (struct answer){has_name ? PICK(t, thanks_named) : PICK(t, thanks_lines), NULL};
	case SPEECH_ACT_GREETING:
		return (struct answer){greet(t), NULL};
	case SPEECH_ACT_YES:
	case SPEECH_ACT_NO:
		return answer_brief(t);
	case SPEECH_ACT_STATEMENT:
		break;
	}
	return (struct answer){acknowledge(t), ask_by_hint(t)};
}

static void add_sentence(struct buf *b, const char *text)
{
	size_t start;

	if (!*text)
		return;
	if (b->len)
		buf_char(b, ' ');
	start = b->len;
	buf_str(b, text);
	b->ptr[start] = (char)toupper((unsigned char)b->ptr[start]);
	if (!strchr(".?!", b->ptr[b->len - 1]))
		buf_char(b, '.');
}

const char *responder_reply(struct arena *a, const struct chat_message *messages, size_t n,
                            enum mode mode)
{
	struct talk   t = {.arena = a, .manner = manner_of(mode)};
	struct buf    b = buf_new(a, 0);
	struct answer reply;

	listen(&t, messages, n);
	if (t.is_silence) {
		add_sentence(&b, t.known.topic ? PICK(&t, nudge_topic) : PICK(&t, nudge_lines));
		return buf_text(&b);
	}
	reply = answer(&t);
	if (t.is_new_name && t.now.kind != SPEECH_ACT_STATEMENT && t.now.kind != SPEECH_ACT_GREETING &&
	    t.now.kind != SPEECH_ACT_ORDERS)
		reply.statement = joined(&t, PICK(&t, name_lines), ";", reply.statement);
	add_sentence(&b, reply.statement);
	if (t.is_performer && !t.now.is_sad && !(reply.question && !*reply.question))
		add_sentence(&b, PICK(&t, t.manner->colour));
	add_sentence(&b, reply.question ? reply.question : ask_next(&t));
	return buf_text(&b);
}
