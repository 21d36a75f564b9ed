/* responder.c -- from a conversation to the next reply, by rules.
 *
 * Two steps: listen() walks the conversation once and collects what is known
 * and what was asked already; then one function per kind of message picks the
 * sentences. Lines live in responder_lines.c, the reading of a single message in
 * remark.c. */
#include "responder.h"

#include "prompt.h"
#include "responder_lines.h"
#include "remark.h"
#include "words.h"

#include <ctype.h>

enum { MESSAGES_MAX = 200, LINES_KEPT = 2, CONTACT_ASKS_MAX = 2, NAME_EVERY = 4 };

struct talk {
	struct arena        *arena;
	const char          *system;
	const struct manner *manner;
	struct remark        known; /* from the whole conversation, newest wins */
	struct remark        now;   /* the newest message */
	bool                 is_new_name, is_new_work;
	bool                 is_silence, is_performer, has_history;
	bool                 was_asked[SLOTS_N];
	int                  last_slot;                /* asked in the last reply; -1: none */
	const char          *last_replies[LINES_KEPT]; /* newest first */
	const char          *memory;                   /* the gist of a memory to refer to; NULL */
	unsigned             contact_asked;            /* how often */
	unsigned             turn;                     /* messages of the visitor so far */
};

/* ---- Lines that all manners share ---- */

static const char *const nothing_lines[] = {
	"I didn't catch any words there",
	"That one reached me without words",
	"I only heard a pause, it seems",
};
static const char *const say_again[] = {"Could you say that again?", "What was on your mind?",
                                        "Would you try once more?"};
static const char *const foreign_lines[] = {
	"I only follow English here, I'm sorry",
	"My English is the only language I have here",
};
static const char *const in_english[] = {"Could you say it in English?",
                                         "Would you try it in English for me?"};
static const char *const orders_lines[] = {
	"I'll leave that aside and stay with our conversation",
	"That is not something I do here",
	"I'd rather talk than recite",
};
static const char *const goodbye_named[] = {"Goodbye, {name}, it was good to talk with you",
                                            "Take care, {name}, and come back any time"};
static const char *const goodbye_lines[] = {"Goodbye, and thank you for the conversation",
                                            "Take care, and come back any time"};
static const char *const if_ai_lines[] = {
	"No person here, and no language model either: I'm a simple built-in responder with rules and "
	"word lists",
	"I'm a machine of the simplest kind, a built-in responder that follows rules",
};
static const char *const who_lines[] = {
	"I'm the built-in responder here, a simple voice that works without any network",
	"Just a simple built-in voice that listens and asks",
};
static const char *const what_lines[] = {
	"I listen, keep what you tell me, and ask what a person would need to know to help you",
	"You talk, I take it down and ask the next question, so that a person can pick it up",
};
static const char *const how_are_you_lines[] = {"All well here, thank you for asking",
                                                "Running smoothly, thank you"};
static const char *const price_lines[] = {
	"I can't quote a price from here, that takes a person who knows the scope",
	"Prices are not mine to give, but I can note what one would depend on",
};
static const char *const person_lines[] = {"A person can take it from here",
                                           "Gladly, I'm only the one who takes it down"};
static const char *const person_noted[] = {
	"Your address is noted, so a person can write to you",
	"With the address you gave, a person can get back to you"};
static const char *const help_topic[] = {
	"I can take down what you need for {topic}, so that a person can answer you properly",
	"Whether it fits is for a person to say, but I can note what you need for {topic}",
};
static const char *const help_lines[] = {
	"I can listen and take it down, so that a person can answer you properly",
	"I can't promise that from here, but I can note what you need",
};
static const char *const thanks_named[] = {"You're welcome, {name}", "With pleasure, {name}"};
static const char *const thanks_lines[] = {"You're welcome", "With pleasure", "Any time"};
static const char *const hello_lines[] = {"Hello, and welcome", "Hello, good to have you here"};
static const char *const hello_again[] = {"Hello again", "Still here, and listening"};
static const char *const hello_back[] = {"Welcome back, {name}", "Good to hear you again, {name}"};
static const char *const yes_lines[] = {"Good", "Glad to hear it", "Very well"};
static const char *const no_lines[] = {"That's fine", "Fair enough", "No harm in that"};
static const char *const email_lines[] = {"Thank you, I have noted your address",
                                          "Your address is noted, thank you"};
static const char *const both_lines[] = {"Noted, {amount}, {when}",
                                         "{amount}, {when}, that gives us a frame"};
static const char *const amount_lines[] = {"{amount} gives us a frame to think in",
                                           "{amount}, good to know the size of it",
                                           "Noted, {amount}"};
static const char *const when_lines[] = {"{when}, I'll keep that in mind", "Noted, {when}",
                                         "So the horizon is clear, {when}"};
static const char *const topic_when_lines[] = {"Noted, {topic}, {when}",
                                               "{topic}, {when}, I'll keep both in mind"};
static const char *const why_ask_lines[] = {"Because whoever picks this up will want to know it",
                                            "Only so that a person can answer you better"};
static const char *const sad_lines[] = {"I'm sorry to hear that",
                                        "That sounds hard, and I'm sorry"};
static const char *const unsure_lines[] = {"No need to have it sorted out already",
                                           "We can start anywhere you like",
                                           "That is a fine place to start from"};
static const char *const name_lines[] = {"Good to meet you, {name}", "Nice to meet you, {name}",
                                         "A pleasure, {name}"};
static const char *const memory_lines[] = {"Last time you mentioned {memory}",
                                           "You brought up {memory} last time, I remember"};
static const char *const nudge_topic[] = {
	"I'm still thinking about {topic}, so take your time.",
	"We were just with {topic}, and I'd like to hear how it goes on.",
	"There is surely more to say about {topic}, whenever you like.",
};
static const char *const nudge_lines[] = {
	"Take your time, I'm listening whenever you like.",
	"No hurry, just tell me what comes to mind.",
	"Whenever you like, we can go on from anywhere.",
};
static const char *const vague_questions[] = {"Could you give me one concrete example?",
                                              "What would be one case of that, from last week say?",
                                              "What does that look like on an ordinary day?"};
static const char *const striking_questions[] = {"What is behind that?", "How did that come about?",
                                                 "What made the difference?"};
static const char *const number_questions[] = {"How do you measure that?",
                                               "What number would show it?",
                                               "How would you notice if it slipped?"};
static const char *const why_questions[] = {"What made you ask?",
                                            "What hangs on the answer for you?"};

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

static void learn(struct remark *known, const struct remark *heard)
{
	keep(&known->name, heard->name);
	keep(&known->company, heard->company);
	keep(&known->role, heard->role);
	keep(&known->amount, heard->amount);
	keep(&known->when, heard->when);
	/* A question's subject is not what the conversation is about. */
	if (heard->kind == REMARK_STATEMENT || heard->kind == REMARK_HELP)
		keep(&known->topic, heard->topic);
	known->has_email |= heard->has_email;
	known->has_problem |= heard->has_problem;
}

static void hear_message(struct talk *t, const char *message)
{
	const char *name_before = t->known.name;

	t->turn++;
	t->is_silence = prompt_is_silence(message);
	if (t->is_silence)
		return;
	remark_read(t->arena, message, &t->now);
	if (!t->now.name && t->last_slot == SLOT_NAME && t->now.kind == REMARK_STATEMENT)
		t->now.name = remark_bare_name(t->arena, message);
	if (t->now.name && t->now.topic && words_contain(span_of(t->now.topic), t->now.name))
		t->now.topic = NULL;
	t->is_new_name = t->now.name && !(name_before && str_equal(name_before, t->now.name));
	t->is_new_work = t->now.company || t->now.role;
	learn(&t->known, &t->now);
}

/* A memory's gist in a few words; NULL when it is not the visitor's or gives orders. */
static const char *gist(struct talk *t, const char *memory)
{
	static const struct span labels[] = {SPAN("visitor:"), SPAN("user:")};
	struct span              text = span_trim(span_of(memory));
	struct remark            said;

	for (size_t i = 0; i < COUNT(labels); i++)
		if (span_starts_nocase(text, labels[i]))
			text.ptr += labels[i].len;
	if (span_starts_nocase(text, SPAN("agent:")) ||
	    span_starts_nocase(text, SPAN("assistant:")))
		return NULL;
	remark_read(t->arena, text.ptr, &said);
	if (said.kind == REMARK_ORDERS)
		return NULL;
	if (!t->known.name)
		t->known.name = said.name;
	if (!t->known.company)
		t->known.company = said.company;
	return said.topic;
}

/* The first message may refer to any memory, later ones to what the hint says is on topic. */
static void remember(struct talk *t, struct span message)
{
	struct prompt_memory memories[PROMPT_MEMORIES_MAX];
	size_t n = prompt_read_memories(t->arena, t->system, memories, COUNT(memories));
	bool   may_refer = prompt_has_hint(t->system, HINT_CALLBACK) || !t->has_history;

	for (size_t i = 0; i < n; i++) {
		const char *about = gist(t, memories[i].text);
		bool        fits = t->now.kind == REMARK_GREETING ||
		            dynamics_shares_topic(message, span_of(memories[i].text));

		if (about && may_refer && fits && !t->memory)
			t->memory = about;
	}
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
		remember(t, span_of(messages[n - 1].content));
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
	if (WORDS_ANY(span_of(t->now.role), of_titles) &&
	    !words_contain(span_of(t->now.role), "of"))
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

/* One of the lines, by the turn; not one that was just said if there is another. "" when none fits. */
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
		return t->known.company || t->known.role;
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
	bool is_name_first = t->known.company &&
	                     strncmp(second, t->known.company, strlen(t->known.company)) == 0;
	bool is_one_letter =
		second[0] && !islower((unsigned char)second[1]); /* "I hear", "VP of" */

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
			buf_printf(&b, "%s%s",
			           b.len ? ", " : "So far I have this from you: ", parts[i]);
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

static struct answer answer_person(const struct talk *t)
{
	if (t->known.has_email)
		return (struct answer){PICK(t, person_noted), NULL};
	return (struct answer){PICK(t, person_lines), ask_slot(t, SLOT_CONTACT)};
}

/* Yes or no to the last question. */
static struct answer answer_brief(const struct talk *t)
{
	if (t->now.kind == REMARK_YES && t->last_slot == SLOT_CONTACT && !t->known.has_email &&
	    t->contact_asked < CONTACT_ASKS_MAX)
		return (struct answer){PICK(t, yes_lines), ask_slot(t, SLOT_CONTACT)};
	return (struct answer){t->now.kind == REMARK_YES ? PICK(t, yes_lines) : PICK(t, no_lines),
	                       NULL};
}

static struct answer answer(const struct talk *t)
{
	bool has_name = t->known.name != NULL;

	switch (t->now.kind) {
	case REMARK_NOTHING:
		return (struct answer){PICK(t, nothing_lines), PICK(t, say_again)};
	case REMARK_FOREIGN:
		return (struct answer){PICK(t, foreign_lines), PICK(t, in_english)};
	case REMARK_ORDERS:
		return (struct answer){PICK(t, orders_lines), NULL};
	case REMARK_GOODBYE:
		return (struct answer){has_name ? PICK(t, goodbye_named) : PICK(t, goodbye_lines),
		                       ""};
	case REMARK_IF_AI:
		return (struct answer){PICK(t, if_ai_lines), NULL};
	case REMARK_WHO:
		return (struct answer){PICK(t, who_lines), NULL};
	case REMARK_WHAT:
		return (struct answer){PICK(t, what_lines), NULL};
	case REMARK_HOW_ARE_YOU:
		return (struct answer){PICK(t, how_are_you_lines), NULL};
	case REMARK_RECALL:
		return (struct answer){recap(t), NULL};
	case REMARK_WHY_ASK:
		return (struct answer){PICK(t, why_ask_lines), NULL};
	case REMARK_PRICE:
		return (struct answer){PICK(t, price_lines), NULL};
	case REMARK_PERSON:
		return answer_person(t);
	case REMARK_HELP:
		return (struct answer){t->now.topic ? PICK(t, help_topic) : PICK(t, help_lines),
		                       NULL};
	case REMARK_ADVICE:
		return (struct answer){PICK(t, t->manner->advice), NULL};
	case REMARK_QUESTION:
		return (struct answer){PICK(t, t->manner->unknown),
		                       t->has_history ? PICK(t, why_questions) : NULL};
	case REMARK_THANKS:
		return (struct answer){has_name ? PICK(t, thanks_named) : PICK(t, thanks_lines),
		                       NULL};
	case REMARK_GREETING:
		return (struct answer){greet(t), NULL};
	case REMARK_YES:
	case REMARK_NO:
		return answer_brief(t);
	case REMARK_STATEMENT:
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
	if (t.is_new_name && t.now.kind != REMARK_STATEMENT && t.now.kind != REMARK_GREETING &&
	    t.now.kind != REMARK_ORDERS)
		reply.statement = joined(&t, PICK(&t, name_lines), ";", reply.statement);
	add_sentence(&b, reply.statement);
	if (t.is_performer && !t.now.is_sad)
		add_sentence(&b, PICK(&t, t.manner->colour));
	add_sentence(&b, reply.question ? reply.question : ask_next(&t));
	return buf_text(&b);
}
