/* index_text.h -- what of a memory is searched, and what a question asks for. Pure. */
#ifndef INDEX_TEXT_H
#define INDEX_TEXT_H

#include "../../base/ctx.h"

#define INDEX_TEXT_MAX    8192 /* bytes of a memory's own words that are searched in one piece */
#define INDEX_MORE_MAX    20   /* pieces of what is behind them; the longest text has 128 kB */
#define INDEX_SPEAKER_MAX 50   /* characters of a name */
#define INDEX_NAMES_MAX   16   /* speakers of one owner that are looked for in a question */

struct cJSON;

struct index_text {
	const char *speaker; /* NULL: nobody is named */
	const char *said;    /* the words alone: what is embedded */
	const char *words;   /* speaker, words and the days they speak of: what is searched */

	const char *const *more; /* the same of what is behind INDEX_TEXT_MAX, in pieces */
	size_t             more_n;
};

/* Of any JSON content: a text, or the texts and numbers in an object or array. The speaker is its
 * member "speaker", or a name before a colon at the beginning of a text ("Dana: I ..."). Times like
 * "yesterday" are resolved against `occurred_ms`. In a text of several pieces, which stand by
 * themselves, what its members' names tell to be contact data is masked. */
void index_text_of(struct ctx *cx, const struct cJSON *content, const char *summary,
                   int64_t occurred_ms, struct index_text *out);

/* The same of an utterance. */
void index_text_said(struct ctx *cx, const char *speaker, const char *text, int64_t occurred_ms,
                     struct index_text *out);

struct index_query {
	const char        *words; /* the question and the days it means: for the words */
	const char        *topic; /* the question without the names of speakers: for its meaning */
	const char *const *named; /* speakers it names */
	size_t             named_n;
	int64_t            from_ms, until_ms; /* the time it asks about; both 0: none */
	bool               asks_now;          /* how things are at present */
};

/* A name says who speaks but pulls the vector of a question towards everything that mentions the
 * name; it is left out of the topic, and what its bearer says is preferred instead. */
void index_query_of(struct ctx *cx, const char *query, const char *const *speakers,
                    size_t speakers_n, int64_t now_ms, struct index_query *out);

#endif
