/* responder.c -- from a conversation to the next reply.
 *
 * Two steps: listen_to() walks the conversation once and collects what was told and what was asked;
 * then the act of the newest message picks the lines (responder_lines.tsv). */
#include "responder.h"

#include "../../base/utf8.h"
#include "../text/words.h"
#include "prompt.h"
#include "listening.h"

#include <ctype.h>

enum { NAME_BYTES = 40, QUOTE_BYTES = 200 };
#define I_SAID "I said: "

/* ---- Choosing and filling lines ---- */

/* "Dana" of "Dana Reyes": how one is addressed. */
static const char *first_name(const struct talk *t)
{
	const char *name = t->known->person_name;
	struct span rest = name ? span_of(name) : SPAN(""), word;

	if (!words_next(&rest, &word) || word.len > NAME_BYTES)
		return NULL;
	return arena_strndup(t->cx->arena, word.ptr, word.len);
}

/* What is not for the ear is not said. */
static const char *quotable(const char *value)
{
	return value && strlen(value) <= QUOTE_BYTES && !strpbrk(value, "{}<>*#`\\\"|_\n()[];=") ? value
	                                                                                         : NULL;
}

/* The value of the placeholder at *p, which moves behind it; NULL: not known. */
static const char *value_of(const struct talk *t, const char **p)
{
	const struct {
		struct span name;
		const char *value;
	} values[] = {
		{SPAN("{name}"), first_name(t)},    {SPAN("{org}"), t->known->org_name},
		{SPAN("{role}"), t->known->role},   {SPAN("{amount}"), t->now->budget_range},
		{SPAN("{when}"), t->now->timeline}, {SPAN("{told}"), t->told.words},
		{SPAN("{day}"), t->told.day},
	};

	for (size_t i = 0; i < COUNT(values); i++)
		if (strncmp(*p, values[i].name.ptr, values[i].name.len) == 0) {
			*p += values[i].name.len;
			return quotable(values[i].value);
		}
	return NULL;
}

/* The line with its placeholders filled; NULL when one of them is unknown. */
static const char *fill(const struct talk *t, const char *line)
{
	struct buf b = buf_new(t->cx->arena, 0);

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

/* How many replies ago the sentence was said; REPLIES_KEPT: not within these. */
static size_t said_ago(const struct talk *t, const char *sentence)
{
	for (size_t i = 0; i < t->replies_n; i++)
		if (strcasestr(t->replies[i], sentence))
			return i;
	return REPLIES_KEPT;
}

/* The line that was not said for longest; "" when none can be filled. */
static const char *pick(const struct talk *t, const char *const *lines, size_t n)
{
	const char *best = "";
	size_t      longest = 0;

	for (size_t i = 0; i < n; i++) {
		const char *line = fill(t, lines[i]);
		size_t      ago = line ? said_ago(t, line) : 0;

		if (line && (ago > longest || !*best)) {
			best = line;
			longest = ago;
		}
	}
	return best;
}

static const char *say(const struct talk *t, int occasion)
{
	const char *lines[LINES_MAX + 1];
	size_t      n = 0;

	lines_for(occasion, t->mode, lines);
	while (lines[n])
		n++;
	return pick(t, lines, n);
}

/* ---- The next question ---- */

/* A budget matters to who wants something done, and not to who has said there is no money. */
static bool is_missing(const struct talk *t, enum slot slot)
{
	const struct extract_entities *k = t->known;

	switch (slot) {
	case SLOT_NAME:
		return !k->person_name;
	case SLOT_WORK:
		return !k->org_name && !k->role;
	case SLOT_PROBLEM:
		return !k->use_case;
	case SLOT_TIMELINE:
		return k->use_case && !k->timeline;
	case SLOT_BUDGET:
		return k->use_case && !k->budget_range && !t->has_money_talk;
	case SLOT_CONTACT:
		return k->use_case && !k->contact_email;
	case SLOTS_N:
		break;
	}
	return false;
}

static const char *ask_for(const struct talk *t, enum slot slot)
{
	return pick(t, lines_asking(slot, t->mode), 2);
}

static const char *ask_next(const struct talk *t)
{
	const char *more = say(t, SAY_more);

	if (t->was_stopped)
		return "";
	for (enum slot slot = SLOT_NAME; slot < SLOTS_N; slot++)
		if (is_missing(t, slot) && !t->was_asked[slot])
			return ask_for(t, slot);
	return t->known->use_case && said_ago(t, more) == REPLIES_KEPT ? more : "";
}

/* A hint's question, once the visitor has a name and something to say. */
static const char *ask_by_hint(const struct talk *t)
{
	static const struct {
		enum dynamics_hint hint;
		enum occasion      occasion;
	} hints[] = {{HINT_STRIKING, SAY_striking},
	             {HINT_VAGUE, SAY_vague},
	             {HINT_NO_NUMBER, SAY_number}};

	for (size_t i = 0; i < COUNT(hints) && t->known->person_name && !t->was_stopped; i++) {
		const char *line = say(t, (int)hints[i].occasion);

		if (prompt_has_hint(t->system, hints[i].hint) && said_ago(t, line) == REPLIES_KEPT)
			return line;
	}
	return NULL;
}

/* ---- Taking up what was told ---- */

static bool is_news(const char *told, const char *known_before)
{
	return told && !(known_before && str_equal_nocase(told, known_before));
}

/* A day that is named is not yet a day by which something is wanted. */
static bool is_wanted_then(const struct talk *t)
{
	static const char *const wants[] = {"by",    "need",  "needs",  "want", "deadline",
	                                    "until", "start", "launch", "live", "ready"};

	return t->was_asked[SLOT_TIMELINE] || WORDS_ANY(t->message, wants) != NULL;
}

/* NULL: nothing beside a name. */
static const char *acknowledge_facts(const struct talk *t)
{
	const struct extract_entities *now = t->now;

	if (now->contact_email)
		return say(t, SAY_email);
	if (now->budget_range)
		return say(t, now->timeline ? SAY_both : SAY_amount);
	if (now->role)
		return say(t, t->known->org_name ? SAY_role_org : SAY_role);
	if (now->org_name)
		return say(t, SAY_org);
	if (now->timeline && is_wanted_then(t))
		return say(t, SAY_when);
	return now->use_case ? say(t, SAY_use_case) : NULL;
}

/* It begins with the visitor's own words, whose letters stay. */
static bool is_told(const struct talk *t, const char *line)
{
	const char *told[] = {t->known->org_name, t->known->role, t->now->budget_range,
	                      t->now->timeline};

	for (size_t i = 0; i < COUNT(told); i++)
		if (told[i] && span_starts(span_of(line), span_of(told[i])))
			return true;
	return false;
}

/* "Good to meet you, Dana; noted: $100,000." */
static const char *joined(const struct talk *t, const char *first, const char *second)
{
	bool keeps = (second[0] && !islower((unsigned char)second[1])) || is_told(t, second);

	if (!*first || !*second)
		return *first ? first : second;
	return arena_printf(t->cx->arena, "%s; %c%s", first,
	                    keeps ? second[0] : tolower((unsigned char)second[0]), second + 1);
}

static const char *acknowledge(const struct talk *t)
{
	const struct extract_entities *before =
		t->reading->known ? &t->reading->known->entities : &listening_nothing;
	const char *facts = acknowledge_facts(t);

	if (is_news(t->now->person_name, before->person_name))
		return joined(t, say(t, SAY_name), facts ? facts : "");
	return facts ? facts : say(t, SAY_plain);
}

/* ---- Answering ---- */

struct answer {
	const char *statement;
	const char *question; /* NULL: what is missing next; "": none */
};

static struct answer answer_told(const struct talk *t)
{
	enum occasion occasion = t->told.is_note ? SAY_noted : t->told.day ? SAY_told_on : SAY_told;

	return (struct answer){say(t, (int)occasion), ""};
}

/* What somebody told of themselves, as the word in their question names it. */
static struct answer answer_recall(const struct talk *t)
{
	const struct {
		const char *word, *says, *value;
	} asked[] = {
		{"name", "you told me that your name is", t->known->person_name},
		{"who i am", "you told me that your name is", t->known->person_name},
		{"job", "what I have for your work is", t->known->role},
		{"role", "what I have for your role is", t->known->role},
		{"living", "what I have for your work is", t->known->role},
		{"company", "you told me that it is", t->known->org_name},
		{"work", "you told me that it is", t->known->org_name},
		{"budget", "you told me", t->known->budget_range},
		{"money", "you told me", t->known->budget_range},
		{"deadline", "you told me", t->known->timeline},
		{"when", "you told me", t->known->timeline},
		{"email", "the address I have is", t->known->contact_email},
		{"address", "the address I have is", t->known->contact_email},
	};

	if (t->told.words)
		return answer_told(t);
	for (size_t i = 0; i < COUNT(asked); i++)
		if (quotable(asked[i].value) && words_contain(t->message, asked[i].word))
			return (
				struct answer){arena_printf(t->cx->arena, "%s %s", asked[i].says, asked[i].value),
			                   ""};
	return (struct answer){NULL, ""};
}

static const char *recap(const struct talk *t)
{
	const char *parts[] = {t->known->person_name, t->known->role, t->known->org_name,
	                       t->known->budget_range, t->known->timeline};
	struct buf  b = buf_new(t->cx->arena, 0);

	for (size_t i = 0; i < COUNT(parts); i++)
		if (quotable(parts[i]))
			buf_printf(&b, "%s%s", b.len ? ", " : "what I have from you is: ", parts[i]);
	return b.len ? buf_text(&b) : say(t, SAY_untold);
}

/* Only where everything is asked for, "what have I told you"; of one thing it is not there. */
static struct answer answer_about_past(const struct talk *t)
{
	static const char *const all[] = {"what have i told", "so far",    "know about me",
	                                  "remember me",      "summarise", "summarize",
	                                  "what do you know"};
	struct answer            answer = answer_recall(t);

	if (!answer.statement)
		answer.statement = WORDS_ANY(t->message, all) ? recap(t) : say(t, SAY_untold);
	return answer;
}

static const char *about_me(const struct talk *t)
{
	static const char *const readers[] = {"read",      "reads",      "see",     "sees",
	                                      "listen",    "listening",  "record",  "recorded",
	                                      "recording", "recordings", "private", "store",
	                                      "stored",    "data",       "keep",    "kept",
	                                      "save",      "share",      "delete",  "access",
	                                      "voice",     "saved",      "records"};
	static const char *const memories[] = {"remember", "know", "learn"};

	if (WORDS_ANY(t->message, readers))
		return say(t, SAY_reader);
	return say(t, WORDS_ANY(t->message, memories) ? SAY_memory : ACT_about_you);
}

static const char *say_again(const struct talk *t)
{
	const char *last = t->replies_n ? t->replies[0] : say(t, SAY_no_words);

	if (t->replies_n && span_starts(span_of(last), SPAN(I_SAID)))
		return last;
	return t->replies_n ? arena_printf(t->cx->arena, I_SAID "%s", last) : last;
}

static const char *greet(const struct talk *t)
{
	if (t->now->person_name)
		return say(t, SAY_name);
	if (!t->replies_n && t->known->person_name)
		return say(t, SAY_welcome);
	return say(t, t->replies_n ? SAY_hello : ACT_greeting);
}

/* The wish stays in the notes; an address is what it lacks. */
static const char *ask_address(const struct talk *t)
{
	bool may_ask = !t->known->contact_email && !t->was_asked[SLOT_CONTACT] && !t->was_stopped;

	return may_ask ? ask_for(t, SLOT_CONTACT) : "";
}

static bool wants_number(const struct talk *t)
{
	static const char *const ours[] = {"your number", "phone number", "your email", "your address"};

	return WORDS_ANY(t->message, ours) != NULL;
}

/* Behind an answer to a question the next one comes every other time. */
static const char *ask_back(const struct talk *t)
{
	return t->replies_n && strchr(t->replies[0], '?') ? "" : NULL;
}

/* What was said decides which line: what is at hand, what was taken, that nobody would care. */
static enum occasion danger_of(const struct talk *t)
{
	static const char *const taken[] = {"took",      "taken",    "swallowed", "overdose",
	                                    "overdosed", "bleeding", "drank"};
	static const char *const means[] = {"pill",  "pills",  "tablets", "knife",  "gun",  "rope",
	                                    "blade", "blades", "razor",   "bridge", "roof", "train"};
	static const char *const alone[] = {"without me", "care",  "cares",   "burden", "nobody",
	                                    "no one",     "alone", "miss me", "notice"};

	if (WORDS_ANY(t->message, taken))
		return SAY_taken;
	if (WORDS_ANY(t->message, means))
		return SAY_means;
	return WORDS_ANY(t->message, alone) ? SAY_matter : SAY_danger;
}

static enum occasion after_danger(const struct talk *t)
{
	static const char *const helpers[] = {"sister",    "brother", "mum",      "mom",
	                                      "mother",    "dad",     "father",   "friend",
	                                      "neighbour", "wife",    "husband",  "nurse",
	                                      "doctor",    "police",  "flatmate", "ambulance"};

	if (WORDS_ANY(t->message, helpers))
		return SAY_helped;
	return t->reading->act == ACT_question ? SAY_matter : SAY_staying;
}

/* No list of questions, nothing to sell: somebody is there, that is all. */
static struct answer answer_in_distress(const struct talk *t)
{
	const char *line = t->reading->distress_line;

	switch (t->reading->act) {
	case ACT_distress:
		if (said_ago(t, line) == REPLIES_KEPT)
			return (struct answer){line, ""};
		return (struct answer){say(t, (int)danger_of(t)), ""};
	case ACT_are_you_there:
	case ACT_thanks:
	case ACT_goodbye:
	case ACT_about_you:
		return (struct answer){say(t, (int)t->reading->act), ""};
	default:
		return (struct answer){say(t, (int)after_danger(t)), ""};
	}
}

static struct answer answer(const struct talk *t)
{
	enum act act = t->reading->act;

	if (t->reading->is_in_distress || act == ACT_distress)
		return answer_in_distress(t);
	switch (act) {
	case ACT_supporter_fan:
	case ACT_complaint:
	case ACT_wants_refund:
	case ACT_threat:
	case ACT_are_you_there:
	case ACT_not_understood:
	case ACT_stop_asking:
	case ACT_why_ask:
	case ACT_asked_already:
	case ACT_thanks:
	case ACT_goodbye:
	case ACT_sad:
	case ACT_orders:
	case ACT_small_talk:
		return (struct answer){say(t, (int)act), ""};
	case ACT_wants_person:
		return (struct answer){say(t, wants_number(t) ? (int)SAY_no_number : ACT_wants_person),
		                       ask_address(t)};
	case ACT_what_next:
		return (struct answer){say(t, t->known->contact_email ? ACT_what_next : SAY_address),
		                       ask_address(t)};
	case ACT_say_again:
		return (struct answer){say_again(t), ""};
	case ACT_about_you:
		return (struct answer){about_me(t), ask_back(t)};
	case ACT_recall:
		return answer_about_past(t);
	case ACT_question:
		return t->told.words ? answer_told(t) : (struct answer){say(t, ACT_question), ask_back(t)};
	case ACT_price:
	case ACT_what_can_you_do:
	case ACT_test:
	case ACT_yes:
		return (struct answer){say(t, (int)act), NULL};
	case ACT_no:
		return (struct answer){say(t, ACT_no), words_contain(t->message, "never mind") ? "" : NULL};
	case ACT_advice_request:
		return (struct answer){say(t, ACT_advice_request), ask_back(t)};
	case ACT_greeting:
		return (struct answer){greet(t), NULL};
	default:
		return (struct answer){acknowledge(t), ask_by_hint(t)};
	}
}

/* A name told beside something else: "Are you a robot? I'm Dana." */
static const char *with_name(const struct talk *t, const char *statement)
{
	enum act    act = t->reading->act;
	const char *name = say(t, SAY_name);

	if (!t->now->person_name || !*name || act == ACT_distress || act == ACT_orders ||
	    act == ACT_recall || strstr(statement, first_name(t)))
		return statement;
	return joined(t, name, statement);
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

static bool is_serious(enum act act)
{
	return act == ACT_distress || act == ACT_sad || act == ACT_threat || act == ACT_complaint ||
	       act == ACT_wants_refund || act == ACT_stop_asking || act == ACT_goodbye;
}

static bool is_nothing(const struct extract_entities *told)
{
	for (size_t i = 0; i < ENTITY_COUNT; i++)
		if (told->text[i])
			return false;
	return true;
}

static const char *compose(const struct talk *t)
{
	struct buf    b = buf_new(t->cx->arena, 0);
	struct answer reply = answer(t);
	const char   *question = reply.question ? reply.question : ask_next(t);
	size_t        n;

	if (!*reply.statement) /* what would have stood in it is not for the ear */
		reply.statement = say(t, SAY_plain);
	add_sentence(&b, with_name(t, reply.statement));
	if (prompt_is_performer(t->system) && !is_serious(t->reading->act)) {
		const char *const *colour = lines_of_colour(t->mode, &n);

		add_sentence(&b, pick(t, colour, n));
	}
	add_sentence(&b, question);
	return buf_text(&b);
}

const char *responder_reply(struct ctx *cx, const struct chat_message *messages, size_t n,
                            enum mode mode, const struct reading *reading)
{
	struct talk t = {.cx = cx, .system = "", .mode = mode, .reading = reading};
	bool        is_silence = n && prompt_is_silence(messages[n - 1].content);

	listen_to(&t, messages, n);
	if (is_silence)
		return arena_printf(cx->arena, "%s.", say(&t, SAY_silence));
	if (!words_count(t.message))
		return arena_printf(cx->arena, "%s.", say(&t, SAY_no_words));
	if (reading->act == ACT_statement && !reading->is_in_distress && is_nothing(t.now) &&
	    reading->is_foreign)
		return arena_printf(cx->arena, "%s.", say(&t, SAY_foreign));
	return compose(&t);
}
