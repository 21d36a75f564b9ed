/* rights.c -- tokens against channels. */
#include "rights.h"

#include "../../common/base/str.h"
#include "../../common/store/access.h"
#include "../../common/web/keys.h"

#define SESSION SPAN("session:")
#define ADMIN   SPAN("admin:")

enum topic_kind topic_kind(const char *name)
{
	if (span_starts(span_of(name), ADMIN))
		return TOPIC_ADMIN;
	return span_starts(span_of(name), SESSION) ? TOPIC_SESSION : TOPIC_ROOM;
}

const char *topic_session(const char *name)
{
	return topic_kind(name) == TOPIC_SESSION ? name + SESSION.len : NULL;
}

static enum standing standing_of(const char *role, const char *name)
{
	if (str_equal(role, "owner") || str_equal(role, "admin"))
		return STANDING_ADMIN;
	if (str_equal(role, "viewer") && topic_kind(name) == TOPIC_ROOM)
		return STANDING_VIEWER;
	return STANDING_NONE;
}

bool rights_may_say(enum standing standing, const char *event)
{
	static const char *const ours[] = {"turn",          "utterance", "mode",    "session_started",
	                                   "session_ended", "extract",   "summary", "lead",
	                                   "missed"};

	for (size_t i = 0; i < COUNT(ours); i++)
		if (standing <= STANDING_VISITOR && str_equal_nocase(event, ours[i]))
			return false;
	return standing != STANDING_NONE;
}

static bool copy_uuid(char to[CRYPTO_UUID_CHARS + 1], const char *text)
{
	if (!text || !str_is_uuid(text))
		return false;
	memcpy(to, text, CRYPTO_UUID_CHARS + 1);
	return true;
}

bool rights_need_database(struct ctx *cx, const char *token)
{
	struct channel_key key;

	return keys_read_channel(cx, token, &key) && str_equal(key.claims.role, "authenticated");
}

static struct err *ask_role(struct ctx *cx, const struct pass *pass, const char **out)
{
	const struct person_claims claims = {"authenticated", pass->sub, pass->session_id};

	return access_role_now(cx, &claims, out);
}

struct err *rights_prove(struct ctx *cx, const char *token, struct proof *out)
{
	struct channel_key key;

	*out = (struct proof){.role = NULL};
	if (!keys_read_channel(cx, token, &key))
		return NULL;
	out->pass.ends_at_ms = key.ends_at_ms;
	if (str_equal(key.claims.role, "service_role"))
		out->role = "owner";
	else if (str_equal(key.claims.role, "realtime"))
		out->channel = key.channel;
	else if (str_equal(key.claims.role, "authenticated") &&
	         copy_uuid(out->pass.sub, key.claims.subject) &&
	         copy_uuid(out->pass.session_id, key.claims.session_id)) {
		out->pass.is_person = true;
		return ask_role(cx, &out->pass, &out->role);
	}
	return NULL;
}

struct pass rights_in(const struct proof *p, const char *name)
{
	struct pass pass = p->pass;

	pass.standing = standing_of(p->role, name);
	if (topic_kind(name) == TOPIC_SESSION && p->channel && str_equal(p->channel, name))
		pass.standing = STANDING_VISITOR;
	return pass;
}

struct err *rights_of(struct ctx *cx, const char *token, const char *name, struct pass *out)
{
	struct proof proof;

	*out = (struct pass){.standing = STANDING_NONE};
	TRY(rights_prove(cx, token, &proof));
	*out = rights_in(&proof, name);
	return NULL;
}

struct err *rights_again(struct ctx *cx, const char *name, struct pass *pass)
{
	const char *role;

	TRY(ask_role(cx, pass, &role));
	pass->standing = standing_of(role, name);
	return NULL;
}
