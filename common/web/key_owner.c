/* key_owner.c -- who an Idempotency-Key belongs to.
 *
 * A stored answer may hold a session's secret, and a key in use keeps others from it. So a key is
 * of somebody who proved to be that, and who can not has to bring all that was sent before and a
 * key nobody guesses (idempotent_of() sees to that): behind one address there are many. */
#include "key_owner.h"

#include "../base/base64.h"
#include "../base/crypto.h"
#include "../store/sessions.h"
#include "keys.h"

/* Nothing of a person is in a scope but the id of a session, by which it is forgotten. */
static const char *scope_of(struct arena *a, const char *kind, struct hash hash)
{
	char text[BASE64_ENCODED_BYTES(CRYPTO_HASH_BYTES) + 1] = "";

	base64_encode(hash.bytes, sizeof(hash.bytes), text);
	return arena_printf(a, "%s:%s", kind, text);
}

static const char *within(const char *text, size_t max)
{
	return text && *text && strlen(text) <= max ? text : NULL;
}

/* The pair in a body, or beside one that is a recording; what is no JSON, or holds half of it, is
 * for the function to refuse. */
static struct err *read_pair(struct req *rq, struct key_owner *out)
{
	const struct cJSON *root;
	struct err         *e;

	if (req_is_audio(rq)) {
		out->session_id = within(req_header(rq, HEADER_SESSION_ID), SESSION_ID_MAX);
		out->session_secret = within(req_header(rq, HEADER_SESSION_SECRET), SESSION_SECRET_MAX);
	}
	if (!req_is_audio(rq) || !out->session_id) {
		e = req_json(rq, &root);
		if (e)
			return e->kind == ERR_INPUT ? NULL : e;
		out->session_id = within(json_text_at(root, "session_id"), SESSION_ID_MAX);
		out->session_secret = within(json_text_at(root, "session_secret"), SESSION_SECRET_MAX);
	}
	if (!out->session_id || !out->session_secret)
		out->session_id = out->session_secret = NULL;
	return NULL;
}

struct err *key_owner_of(struct req *rq, bool takes_session, struct key_owner *out)
{
	struct ctx *cx = req_ctx(rq);
	const char *subject;

	*out = (struct key_owner){.is_proven = true};
	if (takes_session)
		TRY(read_pair(rq, out));
	if (out->session_id) {
		out->scope = out->session_id;
		return session_prove(cx, out->session_id, out->session_secret);
	}
	subject = keys_subject(cx, req_header(rq, "apikey"), req_header(rq, "Authorization"));
	if (subject) {
		out->scope = scope_of(cx->arena, "subject", HASH("idem_subject", span_of(subject)));
		return NULL;
	}
	out->is_proven = false;
	out->scope = scope_of(cx->arena, "caller",
	                      HASH("idem_caller", span_of(req_client_ip(rq)), span_of(req_query(rq)),
	                           req_body(rq)));
	return NULL;
}

struct err *key_owner_check(struct ctx *cx, const struct key_owner *owner)
{
	return owner->session_id ? session_check(cx, owner->session_id, owner->session_secret) : NULL;
}
