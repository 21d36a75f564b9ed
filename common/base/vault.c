/* vault.c -- sealing with SCRIBE_DATA_KEY.
 *
 * The setting is a passphrase of any form; hashing it gives keys of equal
 * strength for sealing and for equality. The key's id is a short hash of it:
 * enough to tell which of two keys to try, useless to find the key. */
#include "vault.h"

#include "base64.h"

#define PREFIX       "sealed:v1:"
#define KEY_ID_CHARS 8

struct vault_values {
	const char *key, *former_key;
};
static struct vault_values values;

static const struct cfg_key keys[] = {
	CFG_KEY_STR(vault_values, key, "SCRIBE_DATA_KEY", .flags = CFG_SECRET,
                .help = "seals contact data at rest; without it none is kept"),
	CFG_KEY_STR(vault_values, former_key, "SCRIBE_DATA_KEY_FORMER", .flags = CFG_SECRET,
                .help = "the key before, while scripts/rotate-key has not finished"),
};

const struct cfg_group vault_settings = {"Data at rest", &values, keys, COUNT(keys)};

struct vault_key {
	bool        is_set;
	struct hash seal, equality;
	char        id[KEY_ID_CHARS + 1];
};
static struct vault_key present, former;

static void derive(struct vault_key *k, const char *passphrase)
{
	struct hash id;

	k->is_set = passphrase && *passphrase;
	if (!k->is_set)
		return;
	k->seal = HASH("vault_seal", span_of(passphrase));
	k->equality = HASH("vault_equality", span_of(passphrase));
	id = HASH("vault_id", span_of(passphrase));
	for (size_t i = 0; i < KEY_ID_CHARS / 2; i++)
		snprintf(k->id + 2 * i, 3, "%02x", id.bytes[i]);
}

void vault_start(void)
{
	derive(&present, values.key);
	derive(&former, values.former_key);
}

bool vault_has_key(void)
{
	return present.is_set;
}

const char *vault_seal(struct arena *a, struct span plain)
{
	struct span sealed;
	char       *out;
	size_t      head = sizeof(PREFIX) - 1 + KEY_ID_CHARS + 1;

	if (!present.is_set)
		return NULL;
	sealed = crypto_seal(a, present.seal.bytes, plain);
	out = arena_alloc(a, head + BASE64_ENCODED_BYTES(sealed.len) + 1);
	snprintf(out, head + 1, PREFIX "%s:", present.id);
	base64_encode(sealed.ptr, sealed.len, out + head);
	return out;
}

/* The key a sealed text names; NULL when it is not one of ours. */
static const struct vault_key *key_of(const char *sealed, struct span *base64_out)
{
	struct span rest = span_of(sealed);

	if (!span_starts(rest, SPAN(PREFIX)) || rest.len < sizeof(PREFIX) + KEY_ID_CHARS)
		return NULL;
	rest.ptr += sizeof(PREFIX) - 1;
	rest.len -= sizeof(PREFIX) - 1;
	*base64_out = (struct span){rest.ptr + KEY_ID_CHARS + 1, rest.len - KEY_ID_CHARS - 1};
	if (present.is_set && span_starts(rest, span_of(present.id)))
		return &present;
	return former.is_set && span_starts(rest, span_of(former.id)) ? &former : NULL;
}

bool vault_open(struct arena *a, const char *sealed, struct span *plain_out)
{
	struct span             base64, bytes = {0};
	const struct vault_key *key = key_of(sealed, &base64);
	char                   *at;

	if (!key)
		return false;
	at = arena_alloc_raw(a, BASE64_DECODED_MAX(base64.len));
	bytes.ptr = at;
	return base64_decode(base64, at, &bytes.len) &&
	       crypto_open(a, key->seal.bytes, bytes, plain_out);
}

bool vault_is_stale(const char *sealed)
{
	struct span base64;

	return key_of(sealed, &base64) != &present;
}

const char *vault_prefix(struct arena *a)
{
	return present.is_set ? arena_printf(a, PREFIX "%s:", present.id) : NULL;
}

static bool hash_with(const struct vault_key *k, const char *purpose, struct span plain,
                      struct hash *out)
{
	if (!k->is_set)
		return false;
	*out = KEYED_HASH(purpose, k->equality.bytes, plain);
	return true;
}

bool vault_hash(const char *purpose, struct span plain, struct hash *out)
{
	return hash_with(&present, purpose, plain, out);
}

bool vault_former_hash(const char *purpose, struct span plain, struct hash *out)
{
	return hash_with(&former, purpose, plain, out);
}
