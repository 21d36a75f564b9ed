/* crypto.h -- the few primitives we need, thin over libsodium. Thread-safe after crypto_start. */
#ifndef CRYPTO_H
#define CRYPTO_H

#include "arena.h"

#define CRYPTO_HASH_BYTES 32
#define CRYPTO_KEY_BYTES  32
#define CRYPTO_UUID_CHARS 36

struct hash {
	unsigned char bytes[CRYPTO_HASH_BYTES];
};

/* Once per process, before threads. Ends the process when there is no randomness. */
void crypto_start(void);

/* From the system's source: for keys and secrets, and for anything else. */
void     crypto_random(void *out, size_t bytes);
uint32_t crypto_random_below(uint32_t bound);

/* A random (version 4) UUID in text form; 122 random bits. */
void crypto_uuid(char out[CRYPTO_UUID_CHARS + 1]);

/* BLAKE2b-256 of the parts in order, each preceded by its length, so that
 * parts can not run into each other. `purpose` keeps hashes of different use
 * apart (at most 16 characters). With `key` (32 bytes, may be NULL) it is a MAC. */
struct hash hash_parts(const char *purpose, const unsigned char *key, const struct span *parts,
                       size_t n);
#define HASH(purpose, ...) \
	hash_parts((purpose), NULL, (const struct span[]){__VA_ARGS__}, \
	           COUNT(((const struct span[]){__VA_ARGS__})))
#define KEYED_HASH(purpose, key, ...) \
	hash_parts((purpose), (key), (const struct span[]){__VA_ARGS__}, \
	           COUNT(((const struct span[]){__VA_ARGS__})))

struct span hash_span(const struct hash *h); /* its bytes, for a database parameter */

/* For what others compute, too; among ourselves hash_parts keeps purposes apart. */
void crypto_sha256(struct span bytes, unsigned char out[CRYPTO_HASH_BYTES]);

/* A key from a passphrase, slow and in much memory (Argon2id, 256 MiB), so that guessing it is so
 * too: for tools, never for a request. False when the memory is not there. */
bool crypto_stretch(struct span passphrase, unsigned char key_out[CRYPTO_KEY_BYTES]) CHECKED;

/* What is kept of a password, of any length: Argon2id with a salt of its own, as text; wiped when
 * the arena is reset. It takes some 70 ms and 64 MiB. NULL when the memory is not there. */
const char *crypto_password(struct arena *a, struct span password);

/* Is it the password of which that was kept? Takes as long as crypto_password(), also for no. */
bool crypto_password_is(const char *kept, struct span password);

/* A secret of 256 random bits as hexadecimal digits; wiped when the arena is reset. */
const char *crypto_secret(struct arena *a) NEVER_NULL;

/* In time that does not depend on where they differ; only the length may leak. */
bool crypto_equal(struct span a, struct span b);

/* XChaCha20-Poly1305 (IETF), behind a version byte and a fresh nonce; key of CRYPTO_KEY_BYTES.
 * `place` is not kept but authenticated: it opens with the same one only. */
struct span crypto_seal(struct arena *a, const unsigned char *key, struct span place,
                        struct span plain);

/* False when it was not sealed with this key for this place, or was changed. The plain bytes
 * are NUL-terminated behind their length and wiped on arena reset. */
bool crypto_open(struct arena *a, const unsigned char *key, struct span place, struct span sealed,
                 struct span *plain_out) CHECKED;

/* The same of what was sealed before places were: XSalsa20-Poly1305 behind its nonce. */
bool crypto_open_unbound(struct arena *a, const unsigned char *key, struct span sealed,
                         struct span *plain_out) CHECKED;

#endif
