/* responder_lines.h -- what the built-in responder says.
 *
 * Each line is one sentence. {name}, {org}, {role}, {amount}, {when} stand for what the visitor has
 * told; a line that needs something unknown is passed over. Questions are worded so that the answer
 * is understood (lead/rules.h, rules_subjects_of). */
#ifndef RESPONDER_LINES_H
#define RESPONDER_LINES_H

#include "act.h"
#include "mode.h"

/* What the responder asks for, in this order, past what is known. */
enum slot { SLOT_NAME, SLOT_PROBLEM, SLOT_WORK, SLOT_TIMELINE, SLOT_BUDGET, SLOT_CONTACT, SLOTS_N };

/* What a line is said for, beside the acts. */
#define OCCASIONS(X) \
	X(name) /* something is told: these; a name in each language */ \
	X(name_de) \
	X(name_fr) \
	X(name_es) \
	X(name_it) \
	X(name_pt) \
	X(role_org) \
	X(role) \
	X(org) \
	X(both) /* an amount and a time */ \
	X(amount) \
	X(when) \
	X(email) \
	X(phone) \
	X(contact) /* of somebody else */ \
	X(use_case) \
	X(plain)    /* nothing in particular is told */ \
	X(go_on)    /* the same, and nothing is asked */ \
	X(no_words) /* the message is empty */ \
	X(tongue)   /* it asks whether we speak some language */ \
	X(foreign)  /* it is in another language; one for each of enum language, in its order */ \
	X(foreign_de) \
	X(foreign_fr) \
	X(foreign_es) \
	X(foreign_it) \
	X(foreign_pt) \
	X(noted_in) /* something else, told in each of them */ \
	X(noted_de) \
	X(noted_fr) \
	X(noted_es) \
	X(noted_it) \
	X(noted_pt) \
	X(silence)  /* nobody spoke */ \
	X(welcome)  /* a greeting from somebody known */ \
	X(hello)    /* a second greeting */ \
	X(reader)   /* about_you: who reads it */ \
	X(memory)   /* about_you: how it remembers */ \
	X(nameless) /* about_you: what it is called */ \
	X(people)   /* about_you: who else there is */ \
	X(makers)   /* about_you: who made it */ \
	X(no_model) /* about_you: which model it is */ \
	X(grasp)    /* about_you: how much it understands */ \
	X(machine)  /* about_you, from somebody in distress */ \
	X(keeping)  /* about_you: for how long it is kept */ \
	X(play)     /* small_talk: a joke, a song */ \
	X(brink)    /* in danger: where they are could be the end of them */ \
	X(reaching) /* in danger: will ask somebody near for help */ \
	X(danger)   /* in danger still; in each language */ \
	X(danger_de) \
	X(danger_fr) \
	X(danger_es) \
	X(danger_it) \
	X(danger_pt) \
	X(taken)  /* something was taken, or somebody bleeds */ \
	X(means)  /* what could hurt is at hand */ \
	X(matter) /* nobody would care */ \
	X(unsure) /* something else is asked */ \
	X(helped) /* a moment ago; somebody is there now; in each language */ \
	X(helped_de) \
	X(helped_fr) \
	X(helped_es) \
	X(helped_it) \
	X(helped_pt) \
	X(staying) /* a moment ago; in each language */ \
	X(staying_de) \
	X(staying_fr) \
	X(staying_es) \
	X(staying_it) \
	X(staying_pt) \
	X(parting)    /* a farewell after distress */ \
	X(told)       /* recall: {told} of a memory */ \
	X(told_on)    /* the same with a {day} */ \
	X(closest)    /* recall: {told}, word for word, may be what was meant */ \
	X(noted)      /* the same, of a note with no name on it */ \
	X(untold)     /* recall: nothing is known */ \
	X(complaints) /* recall: what somebody has complained of */ \
	X(no_number)  /* wants_person: a number or an address of ours */ \
	X(address)    /* what_next: without an address */ \
	X(more)       /* a question when nothing else is missing */ \
	X(vague)      /* questions by the hints of dynamics.h */ \
	X(striking) \
	X(number)

/* clang-format off */
enum occasion {
	OCCASIONS_BEFORE = ACTS_N - 1,
#define X(name) SAY_##name,
	OCCASIONS(X)
#undef X
};
/* clang-format on */

#define LINES_MAX 13 /* of one occasion */

/* The lines for an act or an occasion, NULL behind the last, and how many. A manner's own come
 * first. */
size_t lines_for(int occasion, enum mode mode, const char *out[LINES_MAX + 1]);

/* A manner's two ways to ask for something, and thoughts for when it performs; likewise. */
size_t lines_asking(enum slot slot, enum mode mode, const char *out[LINES_MAX + 1]);
size_t lines_of_colour(enum mode mode, const char *out[LINES_MAX + 1]);

#endif
