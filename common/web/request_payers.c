/* request_payers.c -- the names of who asks, in which nobody can read address or subject. */
#include "request_payers.h"

#include "../base/vault.h"
#include "../store/addresses.h"
#include "keys.h"

/* A subject may be an address of mail, or short: without the data key a bare hash must do. */
static struct hash subject_hash(const char *subject)
{
	struct hash hash;

	if (vault_hash("ledger_subject", span_of(subject), &hash))
		return hash;
	return HASH("ledger_subject", span_of(subject));
}

const struct payers *request_payers(struct req *rq)
{
	struct ctx    *cx = req_ctx(rq);
	struct payers *out = NEW(cx->arena, struct payers);
	const char    *address = req_client_ip(rq);
	const char    *subject;

	subject = keys_subject(cx, req_header(rq, "apikey"), req_header(rq, "Authorization"));
	out->n = 0;
	if (*address)
		payers_add(out, "address", address_hash("ledger_address", address));
	if (subject)
		payers_add(out, "token", subject_hash(subject));
	return out;
}
