/* sealed.h -- masked columns and their originals, sealed beside them.
 *
 * A plain column says nothing of who the visitor is and how to reach them
 * (domain/mask.h); where masking changed something, the original is sealed in a
 * column next to it (base/vault.h) and opened by our code alone. So nobody who
 * uses the functions notices. Without SCRIBE_DATA_KEY nothing can be sealed:
 * then only what is masked is kept, and that is what is read.
 *
 * Each is bound to where it stands (struct place): the callers know the row before they seal.
 *
 * Which names are masked: session_names() of the database gives the sealed texts that
 * tell them and where they stand, names_open() the names. sessions.names_hash says for
 * which names all of a session was masked last (names_hash() of them, NULL: for none).
 * Who writes with other names than those sets it to NULL and enqueues "keep_utterances":
 * that job masks what was written before a name was known (masking.h). */
#ifndef STORE_SEALED_H
#define STORE_SEALED_H

#include "../base/crypto.h"
#include "../base/ctx.h"
#include "../base/vault.h"
#include "../domain/lead/extract.h"
#include "../domain/who/mask.h"

/* ---- where sealed texts stand ---- */

#define AT_UTTERANCE(id)       PLACE("utterances", "text_sealed", (id))
#define AT_EXTRACT(id)         PLACE("extracts", "contact_sealed", (id))
#define AT_MEMORY(id)          PLACE("memories", "sealed", (id))
#define AT_SUMMARY(session_id) PLACE("summaries", "sealed", (session_id))
#define AT_SESSION(column, id) PLACE("sessions", column, (id))
#define AT_GIVEN_NAME(id)      PLACE("given_names", "name", (id))

/* The id of a row that is to be made: what is sealed for it needs it before. */
const char *sealed_row_id(struct ctx *cx);

/* ---- one text ---- */

struct kept_text {
	const char *masked;
	struct span sealed; /* ptr NULL: masking changed nothing, or there is no key */
};

/* The text as it is to be kept there. */
struct kept_text sealed_keep(struct ctx *cx, struct place at, const char *text,
                             const struct names *names);

/* As it is to be kept there until it is known who speaks: sealed only. Without a key it would be
 * lost so, and what can be told at once is masked. */
struct kept_text sealed_keep_back(struct ctx *cx, struct place at, const char *text);

/* The original where it can be opened, else as masked. That it can not be is logged. */
const char *sealed_open(struct ctx *cx, struct place at, const char *masked, struct span sealed);

/* The same of a column of type text; NULL when there is none or it does not open. */
const char *sealed_open_text(struct ctx *cx, struct place at, const char *sealed);

/* ---- the names of a session ---- */

/* session_names()'s JSON (NULL: none). What does not open is left out. */
void names_open(struct ctx *cx, const char *json, struct names *out);

/* For that session's names_sealed; *sealed_out is NULL when there are none, or no key. */
struct err *names_seal(struct ctx *cx, const char *session_id, const struct names *names,
                       const char **sealed_out) CHECKED;

/* The same of equal sets; ptr NULL when there are none, or no key. */
struct span names_hash(struct ctx *cx, const struct names *names);

/* ---- an extract ---- */

/* What of the extract with this id is kept sealed: the name and the address, and whatever else of
 * it masking would change; those members of *plain_out, a copy, are masked or NULL. *sealed_out is
 * NULL when nothing is. */
struct err *extract_seal(struct ctx *cx, const char *id, const struct extract *x,
                         const struct names *names, struct extract *plain_out,
                         const char **sealed_out) CHECKED;

/* Puts back what was sealed. */
void extract_open(struct ctx *cx, const char *id, struct span sealed, struct extract *in_out);

#endif
