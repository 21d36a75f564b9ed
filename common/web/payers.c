/* payers.c -- names in the ledger; neither address nor subject can be read from them. */
#include "payers.h"

#include "../base/base64.h"
#include "../store/addresses.h"
#include "keys.h"

static void add(struct payers *to, const char *kind, struct hash hash)
{
	char text[BASE64_ENCODED_BYTES(CRYPTO_HASH_BYTES) + 1] = "";

	base64_encode(hash.bytes, sizeof(hash.bytes), text);
	snprintf(to->of[to->n++].name, PAYER_CHARS + 1, "%s:%s", kind, text);
}

const struct payers *payers_of(struct req *rq)
{
	struct ctx    *cx = req_ctx(rq);
	struct payers *out = NEW(cx->arena, struct payers);
	const char    *address = req_client_ip(rq);
	const char    *subject =
		keys_subject(cx, req_header(rq, "apikey"), req_header(rq, "Authorization"));

	out->n = 0;
	if (*address)
		add(out, "address", address_hash("ledger_address", address));
	if (subject)
		add(out, "token", HASH("ledger_subject", span_of(subject)));
	return out;
}
