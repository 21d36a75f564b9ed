/* memory_seal.h -- the columns of a memory, masked, and the originals as one sealed text
 * (sealed.h). */
#ifndef STORE_MEMORY_SEAL_H
#define STORE_MEMORY_SEAL_H

#include "../base/crypto.h"
#include "../base/ctx.h"
#include "../domain/who/names.h"

/* What of a memory is somebody's words. JSON as text; NULL where the column is. */
struct memory_parts {
	const char *content, *summary, *speaker, *words, *tags, *metadata, *source_id;
};

/* The columns as they are kept, and by what else the same memory may be known. */
struct memory_kept {
	const char         *id; /* of the row, which is new */
	struct memory_parts plain;
	const char         *sealed, *source_plain, *source_former;
	struct span         hash, hash_plain, hash_former, names_hash;
};

struct memory_new; /* memories.h */
struct err *memory_keep(struct ctx *cx, const struct memory_new *in,
                        struct memory_kept *out) CHECKED;

#define MEMORY_KIND_SUMMARY "{\"kind\": \"summary\"}" /* metadata of what summaries leave */

/* Masks all of them; false when nothing changes. A source that is masked becomes a keyed hash, for
 * it must still tell memories apart. */
bool memory_mask(struct ctx *cx, const struct memory_parts *in, int64_t occurred_ms,
                 const struct names *names, struct memory_parts *plain_out);

/* All of them sealed for the memory with this id, for what masking has changed; the content as the
 * database prints it. NULL without a key. */
struct err *memory_seal(struct ctx *cx, const char *id, const struct memory_parts *parts,
                        const char **sealed_out) CHECKED;

/* False, and logged, when it does not open. */
bool memory_unseal(struct ctx *cx, const char *id, const char *sealed,
                   struct memory_parts *out) CHECKED;

/* Equal for equal contents, of what is sealed: not to be guessed without the key. The second is
 * under the former key. ptr NULL without that key. */
struct span memory_seal_hash(struct ctx *cx, const struct memory_parts *parts);
struct span memory_seal_hash_former(struct ctx *cx, const struct memory_parts *parts);

/* The column for a source that is masked, and the one under the former key; NULL without. */
const char *memory_source_kept(struct ctx *cx, const char *source_id);
const char *memory_source_former(struct ctx *cx, const char *source_id);

/* JSON as the database prints it. */
struct err *memory_normalise(struct ctx *cx, const char *json, const char **out) CHECKED;

#endif
