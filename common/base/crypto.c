/* crypto.c -- libsodium behind the names we use. */
#include "crypto.h"

#include "fatal.h"

#include <sodium.h>

#define SEALED_VERSION 2 /* the first without a version byte: a nonce in its place */
#define NONCE_BYTES    crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define SEALED_EXTRA   (1 + NONCE_BYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES)

void crypto_start(void)
{
	if (sodium_init() < 0)
		fatal("libsodium found no source of randomness");
}

void crypto_random(void *out, size_t bytes)
{
	randombytes_buf(out, bytes);
}

uint32_t crypto_random_below(uint32_t bound)
{
	return randombytes_uniform(bound);
}

void crypto_uuid(char out[CRYPTO_UUID_CHARS + 1])
{
	unsigned char b[16];

	crypto_random(b, sizeof(b));
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	snprintf(out, CRYPTO_UUID_CHARS + 1,
	         "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
	         b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
	         b[15]);
}

struct hash hash_parts(const char *purpose, const unsigned char *key, const struct span *parts,
                       size_t n)
{
	unsigned char                    personal[crypto_generichash_blake2b_PERSONALBYTES] = {0};
	crypto_generichash_blake2b_state state;
	struct hash                      out;

	memcpy(personal, purpose, strnlen(purpose, sizeof(personal)));
	crypto_generichash_blake2b_init_salt_personal(&state, key, key ? CRYPTO_KEY_BYTES : 0,
	                                              sizeof(out.bytes), NULL, personal);
	for (size_t i = 0; i < n; i++) {
		uint64_t len = parts[i].len;

		crypto_generichash_blake2b_update(&state, (const unsigned char *)&len, sizeof(len));
		crypto_generichash_blake2b_update(&state, (const unsigned char *)parts[i].ptr,
		                                  parts[i].len);
	}
	crypto_generichash_blake2b_final(&state, out.bytes, sizeof(out.bytes));
	return out;
}

struct span hash_span(const struct hash *h)
{
	return (struct span){(const char *)h->bytes, sizeof(h->bytes)};
}

void crypto_sha256(struct span bytes, unsigned char out[CRYPTO_HASH_BYTES])
{
	crypto_hash_sha256(out, (const unsigned char *)bytes.ptr, bytes.len);
}

/* The key must come out the same on another machine, from a dump and the passphrase alone: so
 * there is no salt but ours, which keeps tables made for others useless. */
bool crypto_stretch(struct span passphrase, unsigned char key_out[CRYPTO_KEY_BYTES])
{
	struct hash salt = HASH("scribe_stretch", SPAN("SCRIBE_DATA_KEY"));

	return crypto_pwhash(key_out, CRYPTO_KEY_BYTES, passphrase.ptr, passphrase.len, salt.bytes,
	                     crypto_pwhash_argon2id_OPSLIMIT_MODERATE,
	                     crypto_pwhash_argon2id_MEMLIMIT_MODERATE,
	                     crypto_pwhash_ALG_ARGON2ID13) == 0;
}

const char *crypto_password(struct arena *a, struct span password)
{
	char *kept = arena_alloc_secret(a, crypto_pwhash_argon2id_STRBYTES);

	return crypto_pwhash_argon2id_str(kept, password.ptr, password.len,
	                                  crypto_pwhash_argon2id_OPSLIMIT_INTERACTIVE,
	                                  crypto_pwhash_argon2id_MEMLIMIT_INTERACTIVE) == 0
	           ? kept
	           : NULL;
}

bool crypto_password_is(const char *kept, struct span password)
{
	return crypto_pwhash_argon2id_str_verify(kept, password.ptr, password.len) == 0;
}

const char *crypto_secret(struct arena *a)
{
	unsigned char bytes[CRYPTO_KEY_BYTES];
	char         *text = arena_alloc_secret(a, 2 * sizeof(bytes) + 1);

	crypto_random(bytes, sizeof(bytes));
	sodium_bin2hex(text, 2 * sizeof(bytes) + 1, bytes, sizeof(bytes));
	sodium_memzero(bytes, sizeof(bytes));
	return text;
}

bool crypto_equal(struct span a, struct span b)
{
	return a.len == b.len && sodium_memcmp(a.ptr, b.ptr, a.len) == 0;
}

/* Authenticated with everything: a reader of a later version can not be given this one's. */
static struct span bound_to(struct arena *a, struct span place)
{
	char *at = arena_alloc_raw(a, place.len + 1);

	at[0] = SEALED_VERSION;
	memcpy(at + 1, place.ptr, place.len);
	return (struct span){at, place.len + 1};
}

struct span crypto_seal(struct arena *a, const unsigned char *key, struct span place,
                        struct span plain)
{
	size_t         len = SEALED_EXTRA + plain.len;
	unsigned char *out = arena_alloc_raw(a, len), *nonce = out + 1;
	struct span    bound = bound_to(a, place);

	out[0] = SEALED_VERSION;
	crypto_random(nonce, NONCE_BYTES);
	crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + NONCE_BYTES, NULL,
	                                           (const unsigned char *)plain.ptr, plain.len,
	                                           (const unsigned char *)bound.ptr, bound.len, NULL,
	                                           nonce, key);
	return (struct span){(const char *)out, len};
}

bool crypto_open(struct arena *a, const unsigned char *key, struct span place, struct span sealed,
                 struct span *plain_out)
{
	const unsigned char *nonce = (const unsigned char *)sealed.ptr + 1;
	struct span          bound;
	unsigned char       *plain;

	if (sealed.len < SEALED_EXTRA || sealed.ptr[0] != SEALED_VERSION)
		return false;
	bound = bound_to(a, place);
	plain = arena_alloc_secret(a, sealed.len - SEALED_EXTRA + 1);
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, nonce + NONCE_BYTES,
	                                               sealed.len - 1 - NONCE_BYTES,
	                                               (const unsigned char *)bound.ptr, bound.len,
	                                               nonce, key) != 0)
		return false;
	*plain_out = (struct span){(const char *)plain, sealed.len - SEALED_EXTRA};
	return true;
}

bool crypto_open_unbound(struct arena *a, const unsigned char *key, struct span sealed,
                         struct span *plain_out)
{
	const unsigned char *in = (const unsigned char *)sealed.ptr;
	size_t               extra = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
	unsigned char       *plain;

	if (sealed.len < extra)
		return false;
	plain = arena_alloc_secret(a, sealed.len - extra + 1);
	if (crypto_secretbox_open_easy(plain, in + crypto_secretbox_NONCEBYTES,
	                               sealed.len - crypto_secretbox_NONCEBYTES, in, key) != 0)
		return false;
	*plain_out = (struct span){(const char *)plain, sealed.len - extra};
	return true;
}
