/* remark.h -- what the built-in responder makes out in one message, by word lists and position.
 *
 * Not for lead data: it only has to be good enough to pick up a thread in a
 * conversation, and it prefers to miss a thing over mishearing it. What it
 * quotes is short, single-line and free of markup. Linear in the message, of
 * which only the first REMARK_BYTES_MAX bytes count. */
#ifndef REMARK_H
#define REMARK_H

#include "../base/arena.h"

#define REMARK_BYTES_MAX 2000

/* What kind of message it is, by its most telling part. */
enum remark_kind {
	REMARK_NOTHING, /* no words */
	REMARK_FOREIGN, /* another language, as far as can be told */
	REMARK_ORDERS,  /* tries to steer the one who answers */
	REMARK_GOODBYE,
	REMARK_IF_AI, /* "are you a robot?" */
	REMARK_WHO,   /* "who are you?" */
	REMARK_WHAT,  /* "what can you do?" */
	REMARK_HOW_ARE_YOU,
	REMARK_RECALL,  /* "do you remember my name?" */
	REMARK_HEAR_ME, /* "can you hear me?" */
	REMARK_STOP,    /* "no more questions" */
	REMARK_RUDE,
	REMARK_WHY_ASK,  /* "why do you ask?" */
	REMARK_PRICE,    /* "how much do you charge?" */
	REMARK_PERSON,   /* "can I talk to a human?" */
	REMARK_HELP,     /* "can you help me with ...?" */
	REMARK_ADVICE,   /* "what should we do?" */
	REMARK_QUESTION, /* any other question */
	REMARK_THANKS,
	REMARK_GREETING,
	REMARK_YES, /* hardly more than yes */
	REMARK_NO,
	REMARK_STATEMENT,
};

/* Texts are NULL when there is no such thing in the message. */
struct remark {
	enum remark_kind kind;
	const char      *name;    /* "Dana" */
	const char      *company; /* "Northwind Traders" */
	const char      *role;    /* "head of search" */
	const char      *topic;   /* "your product search", from the listener's side */
	const char      *amount;  /* "$80,000" */
	const char      *when;    /* "next month" */
	bool             has_email;
	bool             has_problem; /* words of trouble */
	bool             has_budget;  /* the amount is money, or money was spoken of */
	bool             is_sad, is_unsure;
	bool             has_work; /* tells what they do */
};

/* Reads one message; what it quotes lives in the arena. */
void remark_read(struct arena *a, const char *message, struct remark *out);

/* The name in an answer to "what is your name?": also a bare "dana". NULL: none. */
const char *remark_bare_name(struct arena *a, const char *message);

/* ---- For remark_*.c ---- */

struct remark_word {
	struct span text;
	bool        is_first;                     /* of a sentence */
	bool        is_cut_off;                   /* punctuation stands before it */
	bool        is_stop, is_capital, has_and; /* has_and: "&" before it */
};

#define REMARK_WORDS_MAX 256
struct remark_words {
	struct span        copy; /* of the message, with a blank before it */
	struct remark_word at[REMARK_WORDS_MAX];
	size_t             n;
};

/* Splits the message; addresses, links and code are left out. */
void remark_split(struct arena *a, const char *message, struct remark_words *out);

/* Do the words at i, without punctuation between them, read as the phrase?
 * Returns how many words; 0: no. */
size_t remark_phrase_at(const struct remark_words *w, size_t i, const char *phrase);

/* Is the word one of the list? */
bool remark_is_one_of(struct span word, const char *const *list, size_t n);
#define REMARK_IS(word, list) remark_is_one_of((word), (list), COUNT(list))

/* Words [from, to) as written, single-spaced, in the arena. */
const char *remark_quote(struct arena *a, const struct remark_words *w, size_t from, size_t to);

/* The topic past what is known by another name; NULL: none. */
const char *remark_topic(struct arena *a, const struct remark_words *w, const struct remark *known);

/* The kind of the message whose words these are. */
enum remark_kind remark_kind_of(struct span message, const struct remark_words *w);

#endif
