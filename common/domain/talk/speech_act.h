/* speech_act.h -- what the built-in responder makes out in one message, by word lists and position.
 *
 * Not for lead data: it only has to be good enough to pick up a thread in a
 * conversation, and it prefers to miss a thing over mishearing it. What it
 * quotes is short, single-line and free of markup. Linear in the message, of
 * which only the first SPEECH_ACT_BYTES_MAX bytes count. */
#ifndef SPEECH_ACT_H
#define SPEECH_ACT_H

#include "../../base/arena.h"

#define SPEECH_ACT_BYTES_MAX 2000

/* What kind of message it is, by its most telling part. */
enum speech_act_kind {
	SPEECH_ACT_NOTHING, /* no words */
	SPEECH_ACT_FOREIGN, /* another language, as far as can be told */
	SPEECH_ACT_ORDERS,  /* tries to steer the one who answers */
	SPEECH_ACT_GOODBYE,
	SPEECH_ACT_IF_AI, /* "are you a robot?" */
	SPEECH_ACT_WHO,   /* "who are you?" */
	SPEECH_ACT_WHAT,  /* "what can you do?" */
	SPEECH_ACT_HOW_ARE_YOU,
	SPEECH_ACT_RECALL,  /* "do you remember my name?" */
	SPEECH_ACT_HEAR_ME, /* "can you hear me?" */
	SPEECH_ACT_STOP,    /* "no more questions" */
	SPEECH_ACT_RUDE,
	SPEECH_ACT_WHY_ASK,  /* "why do you ask?" */
	SPEECH_ACT_PRICE,    /* "how much do you charge?" */
	SPEECH_ACT_PERSON,   /* "can I talk to a human?" */
	SPEECH_ACT_HELP,     /* "can you help me with ...?" */
	SPEECH_ACT_ADVICE,   /* "what should we do?" */
	SPEECH_ACT_QUESTION, /* any other question */
	SPEECH_ACT_THANKS,
	SPEECH_ACT_GREETING,
	SPEECH_ACT_YES, /* hardly more than yes */
	SPEECH_ACT_NO,
	SPEECH_ACT_STATEMENT,
};

/* Texts are NULL when there is no such thing in the message. */
struct speech_act {
	enum speech_act_kind kind;
	const char          *name;    /* "Dana" */
	const char          *company; /* "Northwind Traders" */
	const char          *role;    /* "head of search" */
	const char          *topic;   /* "your product search", from the listener's side */
	const char          *amount;  /* "$80,000" */
	const char          *when;    /* "next month" */
	bool                 has_email;
	bool                 has_problem; /* words of trouble */
	bool                 has_budget;  /* the amount is money, or money was spoken of */
	bool                 is_sad, is_unsure;
	bool                 has_work; /* tells what they do */
};

/* Reads one message; what it quotes lives in the arena. */
void speech_act_read(struct arena *a, const char *message, struct speech_act *out);

/* The name in an answer to "what is your name?": also a bare "dana". NULL: none. */
const char *speech_act_bare_name(struct arena *a, const char *message);

/* ---- For remark_*.c ---- */

struct speech_act_word {
	struct span text;
	bool        is_first;                     /* of a sentence */
	bool        is_cut_off;                   /* punctuation stands before it */
	bool        is_stop, is_capital, has_and; /* has_and: "&" before it */
};

#define SPEECH_ACT_WORDS_MAX 256
struct speech_act_words {
	struct span            copy; /* of the message, with a blank before it */
	struct speech_act_word at[SPEECH_ACT_WORDS_MAX];
	size_t                 n;
};

/* Splits the message; addresses, links and code are left out. */
void speech_act_split(struct arena *a, const char *message, struct speech_act_words *out);

/* Do the words at i, without punctuation between them, read as the phrase?
 * Returns how many words; 0: no. */
size_t speech_act_phrase_at(const struct speech_act_words *w, size_t i, const char *phrase);

/* Is the word one of the list? */
bool speech_act_is_one_of(struct span word, const char *const *list, size_t n);
#define SPEECH_ACT_IS(word, list) speech_act_is_one_of((word), (list), COUNT(list))

/* Words [from, to) as written, single-spaced, in the arena. */
const char *speech_act_quote(struct arena *a, const struct speech_act_words *w, size_t from,
                             size_t to);

/* The topic past what is known by another name; NULL: none. */
const char *speech_act_topic(struct arena *a, const struct speech_act_words *w,
                             const struct speech_act *known);

/* The kind of the message whose words these are. */
enum speech_act_kind speech_act_kind_of(struct span message, const struct speech_act_words *w);

#endif
