/* rules.h -- the parts of rule_extract: each looks at one utterance and fills its fields. */
#ifndef RULES_H
#define RULES_H

#include "lexicon.h"
#include "rule_extract.h"

struct contact;

/* What the agent asked for; several in one question. */
enum subject {
	ASKED_NAME = 1,
	ASKED_ORG = 2,
	ASKED_ROLE = 4,
	ASKED_USE_CASE = 8,
	ASKED_BUDGET = 16,
	ASKED_TIMELINE = 32,
	ASKED_FAMILY_NAME = 64
};

struct rules {
	struct ctx             *cx;
	struct extract         *x;
	const struct utterance *u;            /* the utterance looked at */
	const struct utterance *dated;        /* the newest that told of a time */
	struct grammar          grammar;      /* its slots are those of rule_who.c */
	bool                    has_capitals; /* its writing tells names from other words */
	unsigned                subjects;     /* what it answers */
	const struct contact   *contacts;     /* in it */
	size_t                  contacts_n;
	const char             *phone;             /* their newest telephone number, as said */
	enum reach              reach;             /* whom the utterance told how to reach */
	bool                    has_own_firm;      /* spoke of one, named or not */
	bool                    is_org_due;        /* spoke of a thing that "it's called" can name */
	bool                    is_name_told;      /* the utterance speaks of names */
	bool                    is_name_due;       /* or what was said before it does */
	size_t                  use_case_worth;    /* how much the use case says */
	bool                    is_use_case_clear; /* that of what was said before */
	double                  weights[INTENT_COUNT]; /* evidence for each intent */
	size_t                  clear_intent; /* which was plain first; 0: none, nor the first */
};

/* The words of an address or a number, which no other rule is to take for a name. */
void rules_mark_contacts(struct rules *r, struct utterance *u);

void rules_find_person(struct rules *r);      /* person_name */
void rules_find_contacts(struct rules *r);    /* contact_email, reach, phone */
void rules_find_role(struct rules *r);        /* role */
void rules_find_org(struct rules *r);         /* org_name, has_own_firm */
void rules_find_place(struct rules *r);       /* geo */
void rules_find_use_case(struct rules *r);    /* use_case */
void rules_answer_use_case(struct rules *r);  /* use_case, of who was asked */
void rules_find_channel(struct rules *r);     /* channel */
void rules_find_permissions(struct rules *r); /* permissions */
void rules_find_actions(struct rules *r);     /* followup_actions */
void rules_weigh_intents(struct rules *r);    /* weights */

/* The subjects of the question that the agent's words end with. */
unsigned rules_subjects_of(struct ctx *cx, struct span asked);

/* What a bare answer says ("Northwind" to "Which company?"), where the other rules, since `before`,
 * have found nothing. */
void rules_take_answer(struct rules *r, const struct extract_entities *before);

/* Words [from, to) into an entity; the last one said stays. With `as_title`
 * names written without capitals get them. */
void rules_keep(struct rules *r, enum entity entity, size_t from, size_t to, bool as_title);

/* What is known (NULL: nothing) stands at word i: one past its last word; i: it does not. */
size_t rules_told_to(const struct rules *r, const char *known, size_t i);

/* Words without capitals get them, others stay as they were written. */
const char *rules_titled(struct ctx *cx, struct span text);

/* What word i looks like: written with a capital ("mBank" too), a name we know. */
bool rules_is_capital(const struct rules *r, size_t i);
bool rules_is_known_name(const struct rules *r, size_t i);

/* Word i begins with a Latin letter: others' capitals tell us nothing. */
bool rules_is_latin(const struct rules *r, size_t i);

/* What a folded word looks like: letters alone, "I'd", "growing", that or "really", or what one is
 * rather than what one is called ("tired"). */
bool rules_is_lettered(const char *low);
bool rules_has_contraction(const char *low);
bool rules_is_doing(const char *low);
bool rules_is_verbish(const char *low);
bool rules_is_adjectival(const char *low);

/* Those of names and those of organisations, of which the next has all. */
size_t rules_name_slot_to(const struct rules *r, char kind, size_t i);
size_t rules_org_slot_to(const struct rules *r, char kind, size_t i);

/* What can stand in a slot of lead.words at word i: one past its last word; i: nothing. */
size_t rules_slot_to(const void *rules, char kind, size_t i);

/* A job title at i with what belongs to it: one past its last; i: none. `is_any`: with words
 * before its head that titles seldom have ("high school student"). */
size_t rules_role_to(const struct rules *r, size_t i, bool is_any);

/* What somebody can run: "operations", "the data team"; one past its last; i: none. */
size_t rules_department_to(const struct utterance *u, size_t i);

/* A number stands at word i, and behind it what there are so many of: "sixty seats". */
bool rules_counts_at(const struct utterance *u, size_t i);

/* How many words of politeness in another language stand at word i; 0: none. */
size_t rules_courtesy_at(const struct rules *r, size_t i);

/* How many words of the longest known place stand at word i; 0: none. */
size_t rules_place_at(const struct rules *r, size_t i);

/* Goes through the utterance with patterns of lead.words; in each match that has one of the slots
 * `kinds`, that is handed on. A match without them is passed over. */
void rules_match(struct rules *r, const struct phrases *patterns, const char *kinds,
                 void (*take)(struct rules *r, const struct pattern_match *m,
                              const struct pattern_slot *slot));

#endif
