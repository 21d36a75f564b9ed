/* vault.c -- sealing with SCRIBE_DATA_KEY.
 *
 * The setting is to be 32 random bytes in any writing: hashing it gives keys of equal strength for
 * sealing and for equality. Of words that people think of, that would be fast to guess: those are
 * stretched before (VAULT_PASSPHRASE). The key's id is a short hash of it: enough to tell which of
 * two keys to try, useless to find the key. */
#include "vault.h"

#include "base64.h"

#include <ctype.h>

#define PREFIX         "sealed:v2:"
#define UNBOUND_PREFIX "sealed:v1:" /* as long */
#define KEY_ID_CHARS   8
#define PASSPHRASE_MIN 16

struct vault_values {
	const char *key, *former_key;
	bool        opens_unbound;
};
static struct vault_values values;

static const struct cfg_key keys[] = {
	CFG_KEY_STR(vault_values, key, "SCRIBE_DATA_KEY", .flags = CFG_SECRET | CFG_OURS, .min = 16,
                .help =
                    "seals contact data at rest, 32 random bytes in hex or base64, or passphrase:"
                    " and words; without it none is kept"),
	CFG_KEY_STR(vault_values, former_key, "SCRIBE_DATA_KEY_FORMER", .flags = CFG_SECRET,
                .help = "the key before, while scripts/rotate-key has not finished"),
	CFG_KEY_BOOL(vault_values, opens_unbound, "SCRIBE_OPEN_UNBOUND", .fallback = "1",
                 .help =
                     "0, once scripts/rotate-key has passed: what was sealed before it was bound"
                     " to its row does not open"),
};

const struct cfg_group vault_settings = {"Data at rest", &values, keys, COUNT(keys)};

struct vault_key {
	bool        is_set;
	struct hash seal, equality;
	char        id[KEY_ID_CHARS + 1];
};
static struct vault_key present, former;

static void derive(struct vault_key *k, const char *text)
{
	struct hash id;

	k->is_set = text && *text;
	if (!k->is_set)
		return;
	k->seal = HASH("vault_seal", span_of(text));
	k->equality = HASH("vault_equality", span_of(text));
	id = HASH("vault_id", span_of(text));
	for (size_t i = 0; i < KEY_ID_CHARS / 2; i++)
		snprintf(k->id + 2 * i, 3, "%02x", id.bytes[i]);
}

static int complain(const char *what)
{
	fprintf(stderr, "SCRIBE_DATA_KEY: %s\n", what);
	return 1;
}

static bool is_passphrase(const char *text)
{
	return text && span_starts(span_of(text), SPAN(VAULT_PASSPHRASE));
}

/* `room` is kept as long as the process. */
static int stretch(const char **setting, char room[2 * CRYPTO_KEY_BYTES + 1], size_t least)
{
	unsigned char key[CRYPTO_KEY_BYTES];
	struct span   words;

	if (!is_passphrase(*setting))
		return 0;
	words = span_of(*setting + sizeof(VAULT_PASSPHRASE) - 1);
	if (words.len < least)
		return complain("the passphrase is too short: give at least 16 characters");
	if (!crypto_stretch(words, key))
		return complain("there are not the 256 MiB that its passphrase takes");
	for (size_t i = 0; i < CRYPTO_KEY_BYTES; i++)
		snprintf(room + 2 * i, 3, "%02x", key[i]);
	*setting = room;
	return 0;
}

int vault_stretch(void)
{
	static char rooms[2][2 * CRYPTO_KEY_BYTES + 1];

	return stretch(&values.key, rooms[0], PASSPHRASE_MIN) +
	       stretch(&values.former_key, rooms[1], 0);
}

const char *vault_key_text(bool is_former)
{
	return is_former ? values.former_key : values.key;
}

int vault_start(void)
{
	if (is_passphrase(values.key) || is_passphrase(values.former_key))
		return complain("a passphrase is made a key by scripts/stack; give the key, as"
		                " libexec/stretch_key prints it, where that does not start the program");
	derive(&present, values.key);
	derive(&former, values.former_key);
	return 0;
}

bool vault_has_key(void)
{
	return present.is_set;
}

/* Parts end with NUL, which none of them has. */
static struct span place_bytes(struct arena *a, struct place at)
{
	size_t table = strlen(at.table) + 1, column = strlen(at.column) + 1, row = strlen(at.row);
	char  *out = arena_alloc_raw(a, table + column + row);

	memcpy(out, at.table, table);
	memcpy(out + table, at.column, column);
	for (size_t i = 0; i < row; i++)
		out[table + column + i] = (char)tolower((unsigned char)at.row[i]);
	return (struct span){out, table + column + row};
}

const char *vault_seal(struct arena *a, struct place at, struct span plain)
{
	struct span sealed;
	char       *out;
	size_t      head = sizeof(PREFIX) - 1 + KEY_ID_CHARS + 1;

	if (!present.is_set)
		return NULL;
	sealed = crypto_seal(a, present.seal.bytes, place_bytes(a, at), plain);
	out = arena_alloc(a, head + BASE64_ENCODED_BYTES(sealed.len) + 1);
	snprintf(out, head + 1, PREFIX "%s:", present.id);
	base64_encode(sealed.ptr, sealed.len, out + head);
	return out;
}

/* A sealed text taken apart. */
struct parts {
	const struct vault_key *key;
	bool                    is_bound;
	struct span             base64;
};

/* False when it is none of ours. */
static bool take_apart(const char *sealed, struct parts *out)
{
	struct span rest = span_of(sealed);

	out->is_bound = span_starts(rest, SPAN(PREFIX));
	if (rest.len < sizeof(PREFIX) + KEY_ID_CHARS ||
	    !(out->is_bound || span_starts(rest, SPAN(UNBOUND_PREFIX))))
		return false;
	rest.ptr += sizeof(PREFIX) - 1;
	rest.len -= sizeof(PREFIX) - 1;
	if (rest.ptr[KEY_ID_CHARS] != ':')
		return false;
	out->base64 = (struct span){rest.ptr + KEY_ID_CHARS + 1, rest.len - KEY_ID_CHARS - 1};
	out->key = NULL;
	if (present.is_set && span_starts(rest, span_of(present.id)))
		out->key = &present;
	else if (former.is_set && span_starts(rest, span_of(former.id)))
		out->key = &former;
	return out->key && (out->is_bound || values.opens_unbound);
}

bool vault_open(struct arena *a, struct place at, const char *sealed, struct span *plain_out)
{
	struct span  bytes = {0};
	struct parts parts;
	char        *decoded;

	if (!take_apart(sealed, &parts))
		return false;
	decoded = arena_alloc_raw(a, BASE64_DECODED_MAX(parts.base64.len));
	bytes.ptr = decoded;
	if (!base64_decode(parts.base64, decoded, &bytes.len))
		return false;
	if (parts.is_bound)
		return crypto_open(a, parts.key->seal.bytes, place_bytes(a, at), bytes, plain_out);
	return crypto_open_unbound(a, parts.key->seal.bytes, bytes, plain_out);
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
