/* listening.c -- what was told, what was asked already, and what was told before. */
#include "listening.h"

#include "../lead/rules.h"
#include "../text/words.h"
#include "prompt.h"
#include "talk_words.h"

enum { MESSAGES_MAX = 200, TALK_MAX = 20, TONGUE_WORDS_MAX = 10 };

const struct extract_entities listening_nothing;

bool listening_asks(struct ctx *cx, const char *reply, enum slot slot)
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
bool listening_says(const struct talk *t, const char *reply, int occasion)
{
	const char *lines[LINES_MAX + 1];

	for (size_t i = 0, n = lines_for(occasion, t->mode, lines); i < n; i++)
		if (strcasestr(reply, lines[i]))
			return true;
	return false;
}

static bool cares(const struct talk *t, const char *reply)
{
	int language = (int)t->reading->language;

	return strstr(reply, t->reading->distress_line) ||
	       listening_says(t, reply, SAY_staying + language) ||
	       listening_says(t, reply, SAY_danger + language);
}

/* Who is angry, mourns or wants nothing of us wants no questions, and who was in distress none,
 * whatever comes after it. */
static bool is_last_word(const struct talk *t, const char *reply)
{
	static const int last[] = {ACT_stop_asking, ACT_complaint, ACT_wants_refund,
	                           ACT_threat,      ACT_sad,       ACT_only_looking};

	for (size_t i = 0; i < COUNT(last); i++)
		if (listening_says(t, reply, last[i]))
			return true;
	return false;
}

/* What its meaning alone told is in no note; that it was told stands in what was said to it. */
static void hear_told(struct talk *t, const char *reply)
{
	t->was_told[SLOT_WORK] |= listening_says(t, reply, ACT_tells_work);
	t->was_told[SLOT_PROBLEM] |= listening_says(t, reply, ACT_tells_problem) ||
	                             (t->has_long_tale && !listening_says(t, reply, ACT_tells_work));
}

static void hear_reply(struct talk *t, const char *reply)
{
	for (enum slot slot = SLOT_NAME; slot < SLOTS_N; slot++)
		t->was_asked[slot] |= listening_asks(t->cx, reply, slot);
	hear_told(t, reply);
	t->was_in_distress |= cares(t, reply);
	t->was_stopped |= t->was_in_distress || is_last_word(t, reply);
	memmove(t->replies + 1, t->replies, (REPLIES_KEPT - 1) * sizeof(*t->replies));
	t->replies[0] = reply;
	t->replies_n += t->replies_n < REPLIES_KEPT;
}

/* Somebody is with who was in distress, or what could hurt is out of reach. */
static bool tells_of_help(struct span message)
{
	return SAYS(message, TELLS_OF_HELP);
}

/* A child is asked for nothing but a name. */
static bool tells_of_childhood(struct span message)
{
	return SAYS(message, CHILDHOOD);
}

/* What somebody tells at length may well be the problem, whether or not it was understood so. */
static bool is_told_at_length(struct span message)
{
	enum { LONG_WORDS = 14 };

	return words_count(message) >= LONG_WORDS && !memchr(message.ptr, '?', message.len) &&
	       !phrases_start(ACTS_LIST(ASKS), message);
}

static void hear_message(struct talk *t, const char *message)
{
	struct span said = span_of(message);

	if (SAYS(said, TITLES))
		t->titled = message;
	t->has_money_talk |= SAYS(said, MONEY_TALK);
	t->was_helped |= t->was_in_distress && tells_of_help(said);
	t->was_stopped |= tells_of_childhood(said);
	t->has_long_tale = is_told_at_length(said);
}

/* Who is in danger tells nothing that is taken down. */
static void take_facts(struct talk *t)
{
	const struct rule_told *told = t->reading->act == ACT_distress ? NULL : t->reading->told;
	const struct extract *known = extract_merge(t->cx, t->reading->known, told ? told->all : NULL);

	t->known = known ? &known->entities : &listening_nothing;
	t->now = told ? &told->now : &listening_nothing;
	t->reach = told ? told->reach : REACH_NONE;
	t->has_own_firm = told && told->has_own_firm;
}

/* "Parlez-vous français ?" may be all that is said, and tells its own language seldom. */
static bool asks_our_tongue(const struct talk *t)
{
	const struct utterance u = tokens_split(t->cx, t->message);

	bool is_asked = t->is_question || phrases_start(ACTS_LIST(ASKS), t->message);

	return is_asked && u.n <= TONGUE_WORDS_MAX && !t->reading->is_in_distress &&
	       t->reading->act != ACT_distress && !t->now->person_name &&
	       phrases_in(ACTS_LIST(SPEAKS), &u, 0, u.n) && phrases_in(ACTS_LIST(TONGUES), &u, 0, u.n);
}

/* "Budget? No idea.": somebody takes up what was asked, and answers it. */
static bool is_echo(struct span sentence, struct span behind)
{
	enum { ECHO_WORDS = 2 };

	return words_count(sentence) <= ECHO_WORDS && words_count(behind) > 0 &&
	       !phrases_start(ACTS_LIST(ASKS), sentence);
}

static bool is_question(struct span message)
{
	const char *mark;

	for (; (mark = memchr(message.ptr, '?', message.len)) != NULL;) {
		struct span sentence = {message.ptr, (size_t)(mark - message.ptr)};

		message = (struct span){mark + 1, message.len - sentence.len - 1};
		if (!is_echo(sentence, message))
			return true;
	}
	return false;
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
	t->is_question = is_question(t->message);
	take_facts(t);
	t->asks_our_tongue = asks_our_tongue(t);
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

/* What was told in this conversation, the newest first; nothing of one in which somebody was in
 * distress. */
static size_t add_talk(const struct talk *t, const struct chat_message *messages, size_t n,
                       struct prompt_memory *out)
{
	size_t added = 0;

	for (size_t i = n - (n > 0); i-- > 0 && added < TALK_MAX && !t->was_in_distress;)
		if (messages[i].role == CHAT_USER && !prompt_is_silence(messages[i].content))
			out[added++] = (struct prompt_memory){
				.text = arena_printf(t->cx->arena, "visitor: %s", messages[i].content)};
	return added;
}

/* The newest number of theirs, which stands in no note; NULL: none, or in distress. */
static const char *phone_told(const struct talk *t, const struct chat_message *messages, size_t n)
{
	struct rule_told told = {.phone = NULL};

	for (size_t i = n - (n > 0); i-- > 0 && !told.phone && !t->was_in_distress;)
		if (messages[i].role == CHAT_USER)
			rule_extract_on(t->cx, NULL, &(struct exchange){.said = span_of(messages[i].content)},
			                1, &told);
	return told.phone;
}

/* A question may be answered by what was told before. */
static void remember(struct talk *t, const struct chat_message *messages, size_t n)
{
	struct prompt_memory memories[PROMPT_MEMORIES_MAX + TALK_MAX];
	bool                 is_recall = t->reading->act == ACT_recall;
	size_t               memories_n;

	if (!is_recall && t->reading->act != ACT_question)
		return;
	if (SAYS(t->message, OWN_NUMBER))
		t->phone = phone_told(t, messages, n);
	memories_n = prompt_read_memories(t->cx->arena, t->system, memories, PROMPT_MEMORIES_MAX);
	for (size_t i = 0; i < memories_n; i++)
		if (was_said_here(span_of(memories[i].text), messages, n))
			memories[i].date = NULL;
	if (is_recall)
		memories_n += add_talk(t, messages, n, memories + memories_n);
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
