/* extract.h -- what a conversation has told about the visitor, in the shape of the HTTP contract.
 *
 * Two sources fill it: a language model's forced structured answer
 * (extract_parse, then extract_supported) and rules (rule_extract.h). Entities
 * gather over the turns of a session (extract_merge). Strings live in the
 * arena of the call that made them. */
#ifndef EXTRACT_H
#define EXTRACT_H

#include "../../base/ctx.h"
#include "../../base/json_out.h"
#include "../text/utterance.h"

#define EXTRACT_INTENTS(X) \
	X(INTENT_CONSULTING_INQUIRY, "consulting_inquiry") \
	X(INTENT_COLLABORATION, "collaboration") \
	X(INTENT_MEDIA_REQUEST, "media_request") \
	X(INTENT_SPEAKING_REQUEST, "speaking_request") \
	X(INTENT_JOB_OPPORTUNITY, "job_opportunity") \
	X(INTENT_PRODUCT_FEEDBACK, "product_feedback") \
	X(INTENT_PARTNERSHIP_VENDOR, "partnership_vendor") \
	X(INTENT_ADVICE_REQUEST, "advice_request") \
	X(INTENT_SUPPORTER_FAN, "supporter_fan")

/* clang-format off */
enum intent {
#define X(id, name) id,
	EXTRACT_INTENTS(X)
#undef X
	INTENT_COUNT
};
/* clang-format on */

/* As the contract writes it; static. */
const char *intent_name(enum intent intent) NEVER_NULL;

/* Case, and '_', '-' or ' ' between the words, do not matter. False: not one of the nine. */
bool intent_of(const char *name, enum intent *out) CHECKED;

/* The text entities: member, and the most characters kept. */
#define EXTRACT_ENTITIES(X) \
	X(org_name, 200) \
	X(person_name, 200) \
	X(role, 200) \
	X(budget_range, 200) \
	X(timeline, 200) \
	X(use_case, 500) \
	X(channel, 200) \
	X(geo, 200) \
	X(contact_email, 254)

/* clang-format off */
enum entity {
#define X(name, max) ENTITY_##name,
	EXTRACT_ENTITIES(X)
#undef X
	ENTITY_COUNT
};
/* clang-format on */

/* As the contract writes it; static. */
const char *entity_name(enum entity entity) NEVER_NULL;

enum permission { PERMISSION_UNKNOWN, PERMISSION_REFUSED, PERMISSION_GIVEN };

struct extract_entities {
	union {
		struct {
#define X(name, max) const char *name; /* NULL: unknown */
			EXTRACT_ENTITIES(X)
#undef X
		};
		const char *text[ENTITY_COUNT]; /* the same, by enum entity */
	};
	enum permission email_opt_in, quote_ok;
};

enum { EXTRACT_ACTIONS_MAX = 10, EXTRACT_ACTION_CHARS = 200 };

struct extract {
	enum intent             intent;
	double                  confidence; /* 0..1 */
	struct extract_entities entities;
	const char             *followup_actions[EXTRACT_ACTIONS_MAX];
	size_t                  n_actions;
};

/* Reads a model's structured answer, or an extract written before. Taken field
 * by field: of another type than text, numbers and lists of both are taken as text
 * (120000, ["CTO"]), the rest is dropped; strings are cleaned of control
 * characters and cut, confidence is clamped, members we do not know are
 * ignored. NULL: no object with one of the nine intents, so nothing to use. */
struct extract *extract_parse(struct ctx *cx, struct span json);

struct lead_score;

/* Writes the complete object of the contract as member `key` (NULL at the
 * top). With `is_compat` the intents on which the existing page goes mute have
 * a space for the underscore. */
void extract_write(struct json_out *j, const char *key, const struct extract *x,
                   const struct lead_score *score, bool is_compat);

/* Only the object of the entities, as stored: permissions included. */
void extract_write_entities(struct json_out *j, const char *key, const struct extract_entities *e);

/* The forced call: its name, its JSON schema, and what the model is told. */
#define EXTRACT_CALL_NAME "save_extract"
struct span extract_schema(void);
const char *extract_prompt(void) NEVER_NULL;

/* Takes out of a model's extract everything that the visitor's own words
 * (oldest first; what was asked supports nothing) do not support. Words must have been
 * said, amounts be equal, dates mean the same; text that dictates data or
 * instructions to us supports nothing. */
void extract_supported(struct ctx *cx, struct extract *x, const struct exchange *talk, size_t n);

/* What is known after `newer` came to `older` (either may be NULL: the other).
 * An entity of the newer one wins, as a correction; what it does not know
 * stays. The intent changes unless the newer confidence is lower by more than
 * EXTRACT_INTENT_MARGIN, so that a thin guess does not undo a clear wish. */
#define EXTRACT_INTENT_MARGIN 0.2
struct extract *extract_merge(struct ctx *cx, const struct extract *older,
                              const struct extract *newer);

/* Trimmed, without control and invisible characters, white space collapsed, at
 * most max_chars characters. NULL when nothing is left or the text only says
 * that it is unknown ("n/a", "not mentioned"). */
const char *extract_clean(struct ctx *cx, struct span text, size_t max_chars);

#endif
