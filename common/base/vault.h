/* vault.h -- contact data sealed at rest, with a key from the environment.
 *
 * What is sealed is bound to its place, and opens in no other row or column. It names the key it
 * was sealed with, so keys can be changed while old data stays readable; equality is asked of a
 * keyed hash instead. What was sealed before there were places ("sealed:v1:") opens anywhere:
 * scripts/rotate-key seals it anew, and SCRIBE_OPEN_UNBOUND=0 refuses it then.
 * Thread-safe after vault_start. */
#ifndef VAULT_H
#define VAULT_H

#include "cfg.h"
#include "crypto.h"

extern const struct cfg_group vault_settings;

/* A setting that begins so is a passphrase; every other one is a key. */
#define VAULT_PASSPHRASE "passphrase:"

/* Makes keys, in hexadecimal digits, of those settings that are passphrases: a second and 256 MiB
 * each, for scripts/stack and tools. Between cfg_load and vault_start. Returns the number of
 * problems, each reported on stderr. */
int vault_stretch(void) CHECKED;

/* The text of SCRIBE_DATA_KEY, or of the former one, as it is by then; NULL: none. */
const char *vault_key_text(bool is_former);

/* Derives the keys from the settings. Once, before threads. Returns the number of problems, each
 * reported on stderr: passphrases that are not stretched. */
int vault_start(void) CHECKED;

/* Without SCRIBE_DATA_KEY nothing can be sealed, and contact data is not kept. */
bool vault_has_key(void);

/* Where a sealed text stands. The row by its primary key, or by another name that it alone has;
 * letters of its hexadecimal digits count alike. */
struct place {
	const char *table, *column, *row;
};
#define PLACE(...) ((struct place){__VA_ARGS__})

/* "sealed:v2:<key id>:<base64>", NUL-terminated; NULL without a key. */
const char *vault_seal(struct arena *a, struct place at, struct span plain);

/* False when the text was not sealed for this place with the present or the former key, or was
 * changed. The plain text is NUL-terminated and wiped on arena reset. */
bool vault_open(struct arena *a, struct place at, const char *sealed,
                struct span *plain_out) CHECKED;

/* What everything sealed as it is done now begins with; NULL without a key. For rotation. */
const char *vault_prefix(struct arena *a);

/* A hash by which equal texts are found without opening them; false without a key. It
 * depends on the present key: rotation makes it anew. */
bool vault_hash(const char *purpose, struct span plain, struct hash *out) CHECKED;

/* The same under the former key, for what rotation has not reached yet; false without one. */
bool vault_former_hash(const char *purpose, struct span plain, struct hash *out) CHECKED;

#endif
