/* vault.h -- contact data sealed at rest, with a key from the environment.
 *
 * What is sealed names the key it was sealed with, so keys can be changed while
 * old data stays readable; equality is asked of a keyed hash instead.
 * Thread-safe after vault_start. */
#ifndef VAULT_H
#define VAULT_H

#include "cfg.h"
#include "crypto.h"

extern const struct cfg_group vault_settings;

/* Derives the keys from the settings. Once, before threads. */
void vault_start(void);

/* Without SCRIBE_DATA_KEY nothing can be sealed, and contact data is not kept. */
bool vault_has_key(void);

/* "sealed:v1:<key id>:<base64>", NUL-terminated; NULL without a key. */
const char *vault_seal(struct arena *a, struct span plain);

/* False when the text was not sealed with the present or the former key, or was
 * changed. The plain text is NUL-terminated and wiped on arena reset. */
bool vault_open(struct arena *a, const char *sealed, struct span *plain_out) CHECKED;

/* Was it sealed with another key than the present one? For rotation. */
bool vault_is_stale(const char *sealed);

/* What everything sealed with the present key begins with; NULL without one. */
const char *vault_prefix(struct arena *a);

/* A hash by which equal texts are found without opening them; false without a key. It
 * depends on the present key: rotation makes it anew. */
bool vault_hash(const char *purpose, struct span plain, struct hash *out) CHECKED;

/* The same under the former key, for what rotation has not reached yet; false without one. */
bool vault_former_hash(const char *purpose, struct span plain, struct hash *out) CHECKED;

#endif
