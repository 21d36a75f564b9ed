/* signed_link.c -- signed with the data key; with the former one before rotation. */
#include "signed_link.h"

#include "../base/vault.h"

#define TOKEN_MAX 200u
#define MAC_CHARS ((size_t)2 * CRYPTO_HASH_BYTES)

static const char *mac_of(struct ctx *cx, const struct hash *h)
{
	char *hex = arena_alloc_secret(cx->arena, MAC_CHARS + 1);

	for (size_t i = 0; i < CRYPTO_HASH_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", h->bytes[i]);
	return hex;
}

const char *signed_link_token(struct ctx *cx, const char *purpose, const char *id,
                              int64_t expires_at)
{
	const char *claim = arena_printf(cx->arena, "%s.%lld", id, (long long)expires_at);
	struct hash h;

	if (!vault_hash(purpose, span_of(claim), &h))
		return NULL;
	return arena_printf(cx->arena, "%s.%s", claim, mac_of(cx, &h));
}

static bool is_signed(struct ctx *cx, const char *purpose, struct span claim, struct span mac)
{
	struct hash h;
	bool is_ours = vault_hash(purpose, claim, &h) && crypto_equal(span_of(mac_of(cx, &h)), mac);

	return is_ours ||
	       (vault_former_hash(purpose, claim, &h) && crypto_equal(span_of(mac_of(cx, &h)), mac));
}

bool signed_link_read(struct ctx *cx, const char *purpose, struct span token,
                      struct signed_link *out)
{
	const char *text;
	struct span claim;
	int64_t     expires_at;

	if (token.len <= CRYPTO_UUID_CHARS + 1 + MAC_CHARS + 1 || token.len > TOKEN_MAX)
		return false;
	claim = (struct span){token.ptr, token.len - MAC_CHARS - 1};
	if (!is_signed(cx, purpose, claim, (struct span){token.ptr + claim.len + 1, MAC_CHARS}))
		return false;
	text = arena_strndup(cx->arena, claim.ptr, claim.len);
	if (!str_to_int(text + CRYPTO_UUID_CHARS + 1, 0, INT64_MAX, &expires_at))
		return false;
	out->id = arena_strndup(cx->arena, text, CRYPTO_UUID_CHARS);
	out->is_late = clock_unix_ms() / 1000 >= expires_at;
	return str_is_uuid(out->id);
}
