/* responder.c -- from a conversation to the next reply.
 *
 * Two steps: listen_to() walks the conversation once and collects what was told and what was asked;
 * then the act of the newest message picks the lines (responder_lines.tsv). */
#include "responder.h"

#include "../../base/utf8.h"
#include "../text/words.h"
#include "comfort.h"
#include "following.h"
#include "prompt.h"
#include "listening.h"
#include "retelling.h"
#include "talk_words.h"
#include "wording.h"

#include <ctype.h>

#define I_SAID "I said: "

enum { REPLIES_EARLY = 4 };

/* ---- The next question ---- */

/* All that is known of the visitor; NULL: nothing. */
static const struct extract *known_of(const struct talk *t)
{
	const struct extract *x = t->reading->told ? t->reading->told->all : NULL;

	return x ? x : t->reading->known;
}

/* Who wants something done is asked when and for how much; an applicant or a fan is not. */
static bool is_client(const struct talk *t)
{
	const struct extract *x = known_of(t);

	return x && (t->known->use_case || t->known->org_name || t->known->budget_range) &&
	       (x->intent == INTENT_CONSULTING_INQUIRY || x->intent == INTENT_COLLABORATION);
}

/* Who wants a talk, an interview or a job has said what they would like. */
static bool has_other_intent(const struct talk *t)
{
	const struct extract *x = known_of(t);

	return x && (x->intent == INTENT_SPEAKING_REQUEST || x->intent == INTENT_MEDIA_REQUEST ||
	             x->intent == INTENT_JOB_OPPORTUNITY || x->intent == INTENT_PARTNERSHIP_VENDOR);
}

static bool tells(const struct talk *t, enum slot slot, enum act act)
{
	return t->was_told[slot] || t->reading->act == act;
}

/* Whether or not it was understood so; but not who only tells who they are. */
static bool tells_at_length(const struct talk *t)
{
	return t->has_long_tale && t->reading->act != ACT_tells_work && !t->now->org_name &&
	       !t->now->role;
}

/* A budget matters not to who has said there is no money. */
static bool is_missing(const struct talk *t, enum slot slot)
{
	const struct extract_entities *k = t->known;

	switch (slot) {
	case SLOT_NAME:
		return !k->person_name;
	case SLOT_WORK:
		return !k->org_name && !k->role && (k->use_case || k->budget_range) && !t->has_own_firm &&
		       !tells(t, slot, ACT_tells_work);
	case SLOT_PROBLEM:
		return !k->use_case && !tells(t, slot, ACT_tells_problem) && !tells_at_length(t) &&
		       !has_other_intent(t);
	case SLOT_TIMELINE:
		return is_client(t) && !k->timeline;
	case SLOT_BUDGET:
		return is_client(t) && !k->budget_range && !t->has_money_talk;
	case SLOT_CONTACT:
		return (k->use_case || k->org_name) && !k->contact_email;
	case SLOTS_N:
		break;
	}
	return false;
}

static const char *ask_for(const struct talk *t, enum slot slot)
{
	const char *ways[LINES_MAX + 1];
	size_t      n = lines_asking(slot, t->mode, ways);
	bool        is_early = slot == SLOT_PROBLEM && !t->known->org_name && !t->known->role;

	/* "What would you like help with?" fits whoever it is. */
	return wording_pick(t, ways + is_early, n - is_early);
}

static bool is_nothing(const struct extract_entities *told)
{
	for (size_t i = 0; i < ENTITY_COUNT; i++)
		if (told->text[i])
			return false;
	return true;
}

/* Who only talks is asked who they are and what they would like, in the beginning; what else is
 * asked is asked of who wants something done, or has just told of it. */
static bool may_ask(const struct talk *t)
{
	return !t->was_stopped && (t->replies_n < REPLIES_EARLY || is_client(t) || !is_nothing(t->now));
}

static const char *ask_next(const struct talk *t)
{
	const char *more = wording_say(t, SAY_more);

	if (!may_ask(t))
		return "";
	for (enum slot slot = SLOT_NAME; slot < SLOTS_N; slot++)
		if (is_missing(t, slot) && !t->was_asked[slot])
			return ask_for(t, slot);
	return is_client(t) && wording_said_ago(t, more) == REPLIES_KEPT ? more : "";
}

/* A hint's question, once the visitor has said what it is about. */
static const char *ask_by_hint(const struct talk *t)
{
	static const struct {
		enum dynamics_hint hint;
		enum occasion      occasion;
	} hints[] = {{HINT_STRIKING, SAY_striking},
	             {HINT_VAGUE, SAY_vague},
	             {HINT_NO_NUMBER, SAY_number}};

	for (size_t i = 0; i < COUNT(hints) && is_client(t) && !t->now->use_case && !t->was_stopped &&
	                   t->reach == REACH_NONE;
	     i++) {
		const char *line = wording_say(t, (int)hints[i].occasion);

		if (prompt_has_hint(t->system, hints[i].hint) && wording_said_ago(t, line) == REPLIES_KEPT)
			return line;
	}
	return NULL;
}

/* ---- Taking up what was told ---- */

/* "Dana" is not, once "Dana Reyes" is known. */
static bool is_news(const char *told, const char *known_before)
{
	return told && !(known_before && words_contain(span_of(known_before), told));
}

/* A day that is named is not yet a day by which something is wanted, unless it is in the place of
 * one that was. */
static bool is_wanted_then(const struct talk *t)
{
	return t->reading->told->is_redated || phrases_start(ACTS_LIST(TIME_BOUNDS), t->message) ||
	       SAYS(span_of(t->now->timeline), TIME_BOUNDS) ||
	       (t->replies_n && listening_asks(t->cx, t->replies[0], SLOT_TIMELINE)) ||
	       SAYS(t->message, WANTED_BY);
}

/* Not "run the bookings" or "write for a paper", which is what somebody does. */
static bool is_title(const char *role)
{
	struct span rest = span_of(role), word;

	if (!words_next(&rest, &word))
		return true;
	return !SAYS(word, DOINGS) && !(words_next(&rest, &word) && SAYS(word, ARTICLES));
}

/* NULL: nothing beside a name. */
static const char *acknowledge_facts(const struct talk *t)
{
	const struct extract_entities *now = t->now;

	if (now->contact_email)
		return wording_say(t, SAY_email);
	if (t->reach == REACH_NUMBER)
		return wording_say(t, SAY_phone);
	if (now->budget_range)
		return wording_say(t, now->timeline ? SAY_both : SAY_amount);
	if (now->role && is_title(now->role))
		return wording_say(t, t->known->org_name ? SAY_role_org : SAY_role);
	if (now->org_name)
		return wording_say(t, SAY_org);
	if (now->timeline && is_wanted_then(t))
		return wording_say(t, SAY_when);
	if (t->reach == REACH_OTHERS)
		return wording_say(t, SAY_contact);
	if (t->reading->act == ACT_tells_problem ||
	    (t->reading->act == ACT_tells_work && !t->was_told[SLOT_WORK] && !t->was_stopped &&
	     !now->use_case && SAYS(t->message, OF_SELF)))
		return wording_say(t, (int)t->reading->act);
	return now->use_case ? wording_say(t, SAY_use_case) : NULL;
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

static bool has_new_name(const struct talk *t)
{
	const struct extract *before = t->reading->known;

	return is_news(t->now->person_name, before ? before->entities.person_name : NULL);
}

static const char *acknowledge(const struct talk *t)
{
	const char *facts = acknowledge_facts(t);

	if (has_new_name(t))
		return joined(t, wording_say(t, SAY_name), facts ? facts : "");
	return facts ? facts : "";
}

/* ---- Answering ---- */

struct answer {
	const char *statement;
	const char *question; /* NULL: what is missing next; "": none */
};

/* Behind an answer to a question the next one comes every other time. */
static const char *ask_back(const struct talk *t)
{
	return t->replies_n && strchr(t->replies[0], '?') ? "" : NULL;
}

/* "Who founded your company?" */
static bool is_about_us(const struct talk *t)
{
	return SAYS(t->message, YOURS) && !SAYS(t->message, OWNERS);
}

/* One that tells something is taken up; "And the deadline?" is about what was told. */
static struct answer answer_question(const struct talk *t)
{
	enum { SHORT_WORDS = 4 };
	const char *recalled = NULL;

	if (t->told.words)
		return (struct answer){retelling(t), ""};
	if (t->now->contact_email || t->now->org_name || t->now->role)
		return (struct answer){acknowledge(t), NULL};
	if (words_count(t->message) <= SHORT_WORDS && !is_about_us(t))
		recalled = retelling(t);
	return recalled ? (struct answer){recalled, ""}
	                : (struct answer){wording_say(t, ACT_question), ask_back(t)};
}

static const char *about_me(const struct talk *t)
{
	if (SAYS(t->message, HOW_LONG) && SAYS(t->message, READERS))
		return wording_say(t, SAY_keeping);
	if (SAYS(t->message, MAKERS))
		return wording_say(t, SAY_makers);
	if (SAYS(t->message, MODELS))
		return wording_say(t, SAY_no_model);
	if (SAYS(t->message, OUR_PEOPLE))
		return wording_say(t, SAY_people);
	if (SAYS(t->message, READERS))
		return wording_say(t, SAY_reader);
	if (SAYS(t->message, ASKS_OUR_NAME))
		return wording_say(t, SAY_nameless);
	if (SAYS(t->message, GRASPS))
		return wording_say(t, SAY_grasp);
	return wording_say(t, SAYS(t->message, MEMORIES) ? SAY_memory : ACT_about_you);
}

static const char *say_again(const struct talk *t)
{
	const char *last = t->replies_n ? t->replies[0] : wording_say(t, SAY_no_words);

	if (t->replies_n && span_starts(span_of(last), SPAN(I_SAID)))
		return last;
	return t->replies_n ? arena_printf(t->cx->arena, I_SAID "%s", last) : last;
}

static const char *greet(const struct talk *t)
{
	if (t->now->person_name)
		return wording_say(t, SAY_name);
	if (!t->replies_n && t->known->person_name)
		return wording_say(t, SAY_welcome);
	return wording_say(t, t->replies_n ? SAY_hello : ACT_greeting);
}

/* A number alone is in no note but that it was told. */
static bool is_reachable(const struct talk *t)
{
	return t->known->contact_email || str_equal(t->known->channel, "phone");
}

/* The wish stays in the notes; an address is what it lacks. */
static const char *ask_address(const struct talk *t)
{
	bool may_ask = !t->known->contact_email && !t->was_asked[SLOT_CONTACT] && !t->was_stopped;

	return may_ask ? ask_for(t, SLOT_CONTACT) : "";
}

static bool wants_number(const struct talk *t)
{
	return SAYS(t->message, ASKS_OUR_NUMBER);
}

/* Something sad was told a moment ago; who goes on from there is not pitied at each word. */
static bool is_mourning(const struct talk *t)
{
	return t->replies_n && listening_says(t, t->replies[0], ACT_sad) &&
	       !(t->replies_n > 1 && listening_says(t, t->replies[1], ACT_sad));
}

/* "Um, yeah, so", "I was thinking about, um": somebody looks for words. */
static bool is_hesitating(const struct talk *t)
{
	struct span rest = t->message, word;
	bool        has_sound = false, is_sound = false, has_words = false;

	while (words_next(&rest, &word)) {
		is_sound = SAYS(word, SOUNDS);
		has_sound |= is_sound;
		has_words |= !is_sound && !SAYS(word, BESIDE_SOUNDS);
	}
	return (has_sound && (is_sound || !has_words)) || SAYS(t->message, WAITS);
}

/* Recognisers write no mark. */
static bool is_asking(const struct talk *t)
{
	bool is_marked = memchr(t->message.ptr, '?', t->message.len);

	return t->is_question ||
	       (!is_marked && is_nothing(t->now) && act_form_of(t->cx, t->message).is_question);
}

/* "About $80,000." is near to asking for a price, and tells something all the same. */
static bool is_told_rather(const struct talk *t, enum act act)
{
	static const enum act weak[] = {ACT_price,     ACT_test,      ACT_yes,
	                                ACT_no,        ACT_say_again, ACT_not_understood,
	                                ACT_what_next, ACT_greeting,  ACT_small_talk,
	                                ACT_recall,    ACT_apology,   ACT_at_a_loss};
	bool                  is_weak = false;

	/* "You can reach me on 555 0147." */
	if (act == ACT_wants_person && t->reach == REACH_NUMBER && !is_asking(t))
		return true;
	/* "Our budget is $200,000, can you help us with that?" asks for nothing of before. */
	if (act == ACT_recall && (t->now->budget_range || t->now->contact_email))
		return true;
	for (size_t i = 0; i < COUNT(weak); i++)
		is_weak |= weak[i] == act;
	return is_weak && !t->is_question && !t->now->use_case &&
	       (acknowledge_facts(t) || (act != ACT_greeting && has_new_name(t)));
}

/* Rather than only tells of the weather. */
static const char *chat(const struct talk *t)
{
	if (SAYS(t->message, PLAY))
		return wording_say(t, SAY_play);
	return wording_say(t, is_asking(t) ? (int)ACT_small_talk : (int)SAY_go_on);
}

/* It wants something of us, as the intents do. */
static bool is_wish(enum act act)
{
	return act >= ACT_consulting_inquiry && act != ACT_product_feedback;
}

static const char *take_up(const struct talk *t, enum act act)
{
	const char *facts = acknowledge(t);

	return *facts || !is_wish(act) ? facts : wording_say(t, SAY_use_case);
}

static struct answer answer(const struct talk *t)
{
	enum act act = t->reading->act;
	int      language = (int)t->reading->language;

	if (t->reading->is_in_distress || act == ACT_distress)
		return (struct answer){comfort(t), ""};
	if (is_asking(t) && following_goes_on(t))
		return (struct answer){following(t), ""};
	if (is_told_rather(t, act))
		act = ACT_statement;
	if (act == ACT_statement && is_asking(t))
		act = ACT_question;
	else if (act == ACT_question && !is_asking(t))
		act = ACT_statement;
	switch (act) {
	case ACT_supporter_fan:
	case ACT_complaint:
	case ACT_wants_refund:
	case ACT_wants_erasure:
	case ACT_threat:
	case ACT_are_you_there:
	case ACT_not_understood:
	case ACT_stop_asking:
	case ACT_why_ask:
	case ACT_asked_already:
	case ACT_thanks:
	case ACT_goodbye:
	case ACT_orders:
	case ACT_only_looking:
		return (struct answer){wording_say(t, (int)act), ""};
	case ACT_small_talk:
		return (struct answer){chat(t), ""};
	case ACT_wants_person:
		return (
			struct answer){wording_say(t, wants_number(t) ? (int)SAY_no_number : ACT_wants_person),
		                   ask_address(t)};
	case ACT_what_next:
		return (struct answer){wording_say(t, is_reachable(t) ? ACT_what_next : SAY_address),
		                       ask_address(t)};
	case ACT_say_again:
		return (struct answer){say_again(t), ""};
	case ACT_about_you:
		return (struct answer){about_me(t), SAYS(t->message, READERS) ? "" : ask_back(t)};
	case ACT_recall:
		return (struct answer){retelling_or_not(t), ""};
	case ACT_question:
		return answer_question(t);
	case ACT_price:
	case ACT_what_can_you_do:
	case ACT_test:
	case ACT_yes:
		return (struct answer){wording_say(t, (int)act), NULL};
	case ACT_no: /* what is not told is not asked for in the same breath */
		return (struct answer){wording_say(t, ACT_no), words_count(t->message) > 1 ? "" : NULL};
	case ACT_at_a_loss:
	case ACT_apology:
		return (struct answer){wording_say(t, (int)act), ""};
	case ACT_uneasy:
		return (struct answer){wording_say(t, SAY_go_on), ""};
	case ACT_advice_request:
		return (struct answer){wording_say(t, ACT_advice_request), ask_back(t)};
	case ACT_greeting:
		return (struct answer){greet(t), NULL};
	case ACT_sad: /* in another language those who listen say no more */
		return (struct answer){wording_say(t, language == LANGUAGE_en ? ACT_sad
		                                                              : SAY_staying + language),
		                       ""};
	default:
		if (is_mourning(t) && is_nothing(t->now))
			return (struct answer){wording_say(t, ACT_sad), ""};
		return (struct answer){take_up(t, act), ask_by_hint(t)};
	}
}

/* A name told beside something else: "Are you a robot? I'm Dana." */
static const char *with_name(const struct talk *t, const char *statement)
{
	enum act    act = t->reading->act;
	const char *name = wording_say(t, SAY_name);

	if (!has_new_name(t) || !*name || act == ACT_distress || act == ACT_orders ||
	    act == ACT_recall || strstr(statement, wording_first_name(t)))
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
	       act == ACT_wants_refund || act == ACT_wants_erasure || act == ACT_stop_asking ||
	       act == ACT_goodbye || act == ACT_uneasy;
}

static const char *compose(const struct talk *t)
{
	struct buf    b = buf_new(t->cx->arena, 0);
	struct answer reply = answer(t);
	const char   *question = reply.question ? reply.question : ask_next(t), *colour[LINES_MAX + 1];
	size_t        n;

	/* Nothing is said about what nobody is sure of; without a question, that it may go on. */
	if (!*reply.statement)
		reply.statement = wording_say(t, *question ? SAY_plain : SAY_go_on);
	add_sentence(&b, with_name(t, reply.statement));
	if (prompt_is_performer(t->system) && !is_serious(t->reading->act)) {
		n = lines_of_colour(t->mode, colour);
		add_sentence(&b, wording_pick(t, colour, n));
	}
	add_sentence(&b, question);
	return buf_text(&b);
}

/* What was told in another language is noted all the same, and said so in it. */
static const char *answer_foreign(const struct talk *t)
{
	struct buf b = buf_new(t->cx->arena, 0);
	int        language = (int)t->reading->language;

	if (language != LANGUAGE_en && has_new_name(t))
		add_sentence(&b, wording_say(t, SAY_name + language));
	else if (language != LANGUAGE_en && !is_nothing(t->now))
		add_sentence(&b, wording_say(t, SAY_noted_in + language));
	add_sentence(&b, wording_say(t, SAY_foreign + language));
	return buf_text(&b);
}

const char *responder_reply(struct ctx *cx, const struct chat_message *messages, size_t n,
                            enum mode mode, const struct reading *reading)
{
	struct talk t = {.cx = cx, .system = "", .mode = mode, .reading = reading};
	bool        is_silence = n && prompt_is_silence(messages[n - 1].content);

	listen_to(&t, messages, n);
	if (is_silence || (is_hesitating(&t) && !reading->is_in_distress))
		return arena_printf(cx->arena, "%s.", wording_say(&t, SAY_silence));
	if (!words_count(t.message))
		return arena_printf(cx->arena, "%s.", wording_say(&t, SAY_no_words));
	if (t.asks_our_tongue && reading->language == LANGUAGE_en)
		return arena_printf(cx->arena, "%s.", wording_say(&t, SAY_tongue));
	if ((reading->act == ACT_statement || reading->act == ACT_question) && reading->is_foreign &&
	    !reading->is_in_distress && (reading->language != LANGUAGE_en || is_nothing(t.now)))
		return answer_foreign(&t);
	return compose(&t);
}
