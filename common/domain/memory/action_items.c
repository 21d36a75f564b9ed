/* action_items.c -- gathering what is to be done. */
#include "action_items.h"

#include "../who/contact.h"
#include "../lead/extract.h"
#include "../text/tokens.h"
#include "../text/sentence.h"
#include "../lead/timeline.h"
#include "../text/phrases.h"
#include "../text/words.h"

#define MEMORY_WORDS_TABLES
#include "common/domain/memory/memory.words.h"

#include <ctype.h>

#define SENTENCES_MAX 100 /* of one utterance */

static const char *owner_of(const char *word)
{
	return word && str_equal_nocase(word, "visitor") ? "visitor" : "team";
}

static const char *priority_of(const char *word)
{
	static const char *const known[] = {"high", "medium", "low"};

	for (size_t i = 0; word && i < COUNT(known); i++)
		if (str_equal_nocase(word, known[i]))
			return known[i];
	return "medium";
}

static void remove_at(struct action_items *items, size_t i)
{
	for (; i + 1 < items->n; i++)
		items->at[i] = items->at[i + 1];
	items->n--;
}

void action_add(struct ctx *cx, struct action_items *items, struct span text, const char *owner,
                const char *priority)
{
	const char *clean = extract_clean(cx, contact_mask(cx, text), ACTION_TEXT_MAX);

	if (!clean)
		return;
	for (size_t i = items->n; i > 0; i--)
		if (str_equal_nocase(items->at[i - 1].text, clean))
			remove_at(items, i - 1);
	if (items->n == ACTION_ITEMS_MAX)
		remove_at(items, 0);
	items->at[items->n++] = (struct action_item){clean, owner_of(owner), priority_of(priority)};
}

/* "send_proposal" in words. */
void action_add_followup(struct ctx *cx, struct action_items *items, const char *action,
                         const char *priority)
{
	char *text = arena_strndup(cx->arena, action, strlen(action));

	if (!strchr(text, ' ')) {
		for (char *p = text; *p; p++)
			*p = *p == '_' ? ' ' : *p;
		*text = (char)toupper((unsigned char)*text);
	}
	action_add(cx, items, span_of(text), "team", priority);
}

/* ---- hearing ---- */

/* What is done after a conversation; "can you tell me" is answered within it. */
static const char *priority_heard(struct span sentence)
{
	if (phrases_said(MEMORY_LIST(ACTION_ITEMS_SOME_DAY), sentence))
		return "low";
	return timeline_is_urgent(sentence) || phrases_said(MEMORY_LIST(ACTION_ITEMS_SOON), sentence)
	           ? "high"
	           : "medium";
}

/* Who is to do it; NULL: nothing is to be done. */
static const char *owner_heard(struct span sentence, enum speaker speaker)
{
	bool is_visitor = speaker == SPEAKER_VISITOR;

	if (!phrases_said(MEMORY_LIST(ACTION_ITEMS_DEEDS), sentence))
		return NULL;
	if (phrases_said(MEMORY_LIST(ACTION_ITEMS_REQUESTS), sentence))
		return is_visitor ? "team" : NULL; /* the agent asks to go on talking */
	if (phrases_said(MEMORY_LIST(ACTION_ITEMS_PROMISES), sentence))
		return is_visitor ? "visitor" : "team";
	return NULL;
}

void action_items_hear(struct ctx *cx, struct action_items *items, struct utterance_text said)
{
	struct span rest = span_of(said.text), sentence;

	if (said.speaker == SPEAKER_VISITOR)
		rest = text_without_orders(cx, rest);
	for (int i = 0; i < SENTENCES_MAX && sentence_next(&rest, &sentence, true); i++) {
		const char *owner = owner_heard(sentence, said.speaker);

		if (owner)
			action_add(cx, items, sentence, owner, priority_heard(sentence));
	}
}

/* ---- JSON ---- */

void action_items_write(struct json_out *j, const char *key, const struct action_items *items)
{
	json_arr(j, key);
	for (size_t i = 0; i < items->n; i++) {
		json_obj(j, NULL);
		json_str(j, "text", items->at[i].text);
		json_str(j, "owner", items->at[i].owner);
		json_str(j, "priority", items->at[i].priority);
		json_end(j);
	}
	json_end(j);
}

void action_items_read(struct ctx *cx, struct action_items *items, const struct cJSON *array)
{
	if (!array || json_type(array) != JSON_ARRAY)
		return;
	for (const struct cJSON *item = json_first(array); item; item = json_next(item)) {
		bool        is_plain = json_type(item) == JSON_STRING;
		const char *text = json_text_at(item, is_plain ? "" : "text");

		if (text)
			action_add(cx, items, span_of(text), json_text_at(item, "owner"),
			           json_text_at(item, "priority"));
	}
}
