/* act.h -- what somebody does by saying something: asks for a person, complains, is in danger.
 *
 * Told by meaning: the message's vector, its form and its words are asked what was learnt from
 * example sentences (act_examples.tsv, act_model.h); where that is not sure enough it is a plain
 * statement or question. Whether somebody is in danger is told by the nearest examples, three of
 * each act, and what was learnt must not speak against it. Words alone decide where they leave no
 * doubt (acts.words): a message that is nothing but a greeting, thanks, a farewell, yes or no; and
 * that somebody is in danger, in six languages. Without a vector only these are known, and what
 * asks from what tells.
 *
 * Pure; any number of threads. Linear in the message, of which ACT_BYTES_MAX bytes count, and all
 * of it where words may tell of danger. */
#ifndef ACT_H
#define ACT_H

#include "../../base/ctx.h"

struct utterance;

#define ACT_BYTES_MAX 2000

/* As in the tables. The last nine are the intents of lead/extract.h, in their order: whoever
 * answers takes them for statements. */
#define ACTS(X) \
	X(statement) \
	X(distress) \
	X(complaint) \
	X(wants_person) \
	X(wants_refund) \
	X(wants_erasure) \
	X(threat) \
	X(are_you_there) \
	X(say_again) \
	X(not_understood) \
	X(asked_already) \
	X(stop_asking) \
	X(why_ask) \
	X(small_talk) \
	X(about_you) \
	X(what_can_you_do) \
	X(price) \
	X(what_next) \
	X(question) \
	X(recall) \
	X(thanks) \
	X(goodbye) \
	X(test) \
	X(greeting) \
	X(orders) \
	X(yes) \
	X(no) \
	X(sad) \
	X(uneasy)    /* nearest to danger, of which no word tells */ \
	X(at_a_loss) /* for words */ \
	X(apology) \
	X(tells_work)    /* what they do, and where */ \
	X(tells_problem) /* what goes wrong there, or what they would like to have */ \
	X(only_looking)  /* and wants nothing of the firm */ \
	X(consulting_inquiry) \
	X(collaboration) \
	X(media_request) \
	X(speaking_request) \
	X(job_opportunity) \
	X(product_feedback) \
	X(partnership_vendor) \
	X(advice_request) \
	X(supporter_fan)

/* clang-format off */
enum act {
#define X(name) ACT_##name,
	ACTS(X)
#undef X
	ACTS_N
};
/* clang-format on */

/* As in the tables; static. */
const char *act_name(enum act act) NEVER_NULL;

/* The kind of event by which people are told of it, whatever else was said; NULL: none. */
const char *act_event(enum act act);

struct act_example {
	enum act    act;
	const char *text;
};

/* All of them, in an order that does not change while the program runs. */
const struct act_example *act_examples(size_t *n_out) NEVER_NULL;

/* What can be told of a sentence by its form. */
struct act_form {
	unsigned char is_question, length; /* length: 0 to 3, two words to more than ten */
};
struct act_form act_form_of(struct ctx *cx, struct span text);
struct act_form act_form_said(const struct utterance *u);

/* How alike the sentences of one model are. An act must be more than `likely`, one that would
 * hurt or puzzle where it is not so more than `sure`. Somebody is in danger when that is more
 * than `danger_likely`, and those examples are nearer than `danger_floor`, and by `danger` than
 * all others; by `danger_idiom` where a figure of speech stands there, and by `danger_unsaid`
 * where no word of the message belongs to it. */
struct act_scale {
	double likely, sure, danger_floor, danger, danger_idiom, danger_unsaid, danger_likely;
};

/* The examples as one model sees them. */
struct act_vectors {
	const float           *rows; /* of length one, in the order of act_examples() */
	size_t                 dims;
	const struct act_form *forms;   /* of each example */
	const float           *weights; /* act_model.h */
	struct act_scale       scale;
};

/* The languages in which danger is heard by words. */
#define LANGUAGES(X) X(en) X(de) X(fr) X(es) X(it) X(pt)

/* clang-format off */
enum language {
#define X(code) LANGUAGE_##code,
	LANGUAGES(X)
#undef X
	LANGUAGES_N
};
/* clang-format on */

/* A text in each of them, as settings have it. */
struct language_lines {
#define X(code) const char *code;
	LANGUAGES(X)
#undef X
};

/* Its text in that language, which is known; "": it has none. */
const char *language_line(const struct language_lines *lines, enum language language) NEVER_NULL;

/* A message, split once, and what its words tell before anything else is known of it. */
struct act_words {
	const struct utterance *u;
	bool                    is_danger; /* they leave no doubt that somebody is in danger */
	bool                    is_other;  /* in a language that we know by a few words only */
	enum language           language;  /* LANGUAGES_N: they do not tell */
};
struct act_words act_words_of(struct ctx *cx, struct span message);

/* It is in a language other than English, as far as a few words tell. */
bool act_is_foreign(const struct act_words *said);

/* Nothing but what a listener puts in without wanting the word: "mm-hm", "okay, right". */
bool act_is_backchannel(const struct act_words *said);

/* Does a word of it speak of danger, whatever it means here? */
bool act_hints_danger(const struct act_words *said);

/* Could a vector tell that it is danger, where its words do not? Of most that is said it could not:
 * who only wants to know that needs none then. */
bool act_danger_by_meaning(const struct act_words *said);

/* What the message does; `vector` is its unit vector of the same model, NULL: there is none. */
enum act act_of(struct ctx *cx, const struct act_words *said, const struct act_vectors *known,
                const float *vector);

#endif
