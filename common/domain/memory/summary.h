/* summary.h -- what a conversation came to: by a model, or in the visitor's own words.
 *
 * A summary is made of the one before and of what was said since, never of the
 * whole again. The text, the themes and the action items carry no contact data. */
#ifndef SUMMARY_H
#define SUMMARY_H

#include "action_items.h"

#define SUMMARY_UTTERANCES_MIN 6  /* fewer are nothing to summarise */
#define SUMMARY_NEW_MIN        10 /* utterances after which a summary is due again */
#define SUMMARY_THEMES_FROM    15 /* utterances; the themes then make a memory */

#define SUMMARY_EXTRACTIVE "extractive" /* provider of a summary no model made */

enum {
	SUMMARY_TEXT_MAX = 4000, /* characters */
	SUMMARY_BASE_BYTES = 1500,
	SUMMARY_THEMES_MAX = 5,
	SUMMARY_THEME_MAX = 80, /* characters */
	SUMMARY_QUOTES_MAX = 8,
	SUMMARY_QUOTE_BYTES = 280
};

struct summary {
	const char         *text;
	const char         *themes[SUMMARY_THEMES_MAX];
	size_t              themes_n;
	struct action_items actions;
	bool                is_extractive;
	/* Of an extractive one, what it is made of: a model's text on the time before, NULL if
	 * there was none, and the statements since. */
	const char *base;
	const char *quotes[SUMMARY_QUOTES_MAX];
	size_t      quotes_n;
};

/* What one is made of. */
struct summary_in {
	const struct summary        *earlier; /* NULL: there is none */
	const struct utterance_text *said;    /* since then, oldest first */
	size_t                       said_n;
};

/* clamp(n / 4 + 2, 3, 10) for a conversation of n utterances. */
int summary_importance(int64_t n);

/* The visitor's most telling statements (names, numbers, wishes), quoted in their order,
 * what they asked, the words they came back to. The same input gives the same summary. */
void summary_extractive(struct ctx *cx, const struct summary_in *in, struct summary *out);

/* ---- By a model ---- */

#define SUMMARY_CALL_NAME    "save_summary"
#define SUMMARY_PROMPT_BYTES 48000 /* of utterances in one prompt */

/* The forced call's JSON schema, and what the model is told. */
struct span summary_schema(void);
const char *summary_prompt(void) NEVER_NULL;

/* The earlier summary and the new utterances as one message of data: no line of it can
 * be taken for another speaker's or for an order. At most SUMMARY_PROMPT_BYTES of
 * utterances, so give no more than summary_fitting() says. */
const char *summary_transcript(struct ctx *cx, const struct summary_in *in) NEVER_NULL;

/* How many of the utterances, from the oldest on, fit into one prompt; at least one. */
size_t summary_fitting(const struct utterance_text *said, size_t n);

/* A model's answer, checked and cleaned. False: there is no summary in it. */
bool summary_parse(struct ctx *cx, struct span json, struct summary *out) CHECKED;

#endif
