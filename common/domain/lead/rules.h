/* rules.h -- the parts of rule_extract: each looks at one utterance and fills its fields. */
#ifndef RULES_H
#define RULES_H

#include "extract.h"
#include "../text/tokens.h"

/* What the agent asked for; several in one question. */
enum subject {
	ASKED_NAME = 1,
	ASKED_ORG = 2,
	ASKED_ROLE = 4,
	ASKED_USE_CASE = 8,
	ASKED_BUDGET = 16,
	ASKED_TIMELINE = 32
};

struct rules {
	struct ctx             *cx;
	struct extract         *x;
	const struct utterance *u;                     /* the utterance looked at */
	bool                    has_capitals;          /* its writing tells names from other words */
	unsigned                subjects;              /* what it answers */
	bool                    has_phone;             /* any utterance had a telephone number */
	size_t                  use_case_words;        /* how much the use case says */
	double                  weights[INTENT_COUNT]; /* evidence for each intent */
};

void rules_find_person(struct rules *r);      /* person_name */
void rules_find_role(struct rules *r);        /* role, and org_name in "founder of X" */
void rules_find_org(struct rules *r);         /* org_name */
void rules_find_place(struct rules *r);       /* geo */
void rules_find_use_case(struct rules *r);    /* use_case */
void rules_find_channel(struct rules *r);     /* channel */
void rules_find_permissions(struct rules *r); /* permissions */
void rules_find_actions(struct rules *r);     /* followup_actions */
void rules_weigh_intents(struct rules *r);    /* weights */

/* The subjects of the question that the agent's words end with. */
unsigned rules_subjects_of(struct span asked);

/* What a bare answer says ("Northwind" to "Which company?"), where the other rules, since `before`,
 * have found nothing. */
void rules_take_answer(struct rules *r, const struct extract_entities *before);

/* The clause at word i, up to another thought or fact: one past its last word; and how many of the
 * words say what it is about. */
size_t rules_clause_to(const struct rules *r, size_t i);
size_t rules_topic_words(const struct rules *r, size_t from, size_t to);

/* Words [from, to) into an entity; the last one said stays. With `as_title`
 * names written without capitals get them. */
void rules_keep(struct rules *r, enum entity entity, size_t from, size_t to, bool as_title);

/* A run of words at i that can be an organisation's name: one past its last; i: none. */
size_t rules_org_to(const struct rules *r, size_t i);

/* A run of words at i that can be a person's name; i: none. `is_sure`: what
 * stands before it ("my name is") leaves no doubt that a name follows. */
size_t rules_name_to(const struct rules *r, size_t i, bool is_sure);

/* A job title at i with what belongs to it: one past its last; i: none. */
size_t rules_role_to(const struct rules *r, size_t i);

#endif
