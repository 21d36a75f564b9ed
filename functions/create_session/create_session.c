/* create_session -- open a conversation for a visitor.
 *
 * POST { visitor_id?, consent?, mode? }
 *   -> { session_id, session_secret, realtime_token, expires_at, degraded? } */
#include "../../common/domain/talk/mode.h"
#include "../../common/web/keys.h"
#include "../../common/web/request_payers.h"
#include "../../common/web/service.h"
#include "../../common/store/sessions.h"

#define VISITOR_ID_MAX 200
#define MODE_MAX       50

struct in {
	const char *visitor_id, *mode;
	bool        consent;
};

static const struct input_field fields[] = {
	INPUT_TEXT(in, visitor_id, .max = VISITOR_ID_MAX),
	INPUT_BOOL(in, consent),
	INPUT_TEXT(in, mode, .max = MODE_MAX),
};

/* A visitor is remembered across sessions only by a UUID, for it acts as a
 * bearer secret for their memories, and only if they agreed. */
static const char *lasting_visitor_id(const struct in *in)
{
	bool may_last = in->consent && in->visitor_id && str_is_uuid(in->visitor_id);

	return may_last ? in->visitor_id : NULL;
}

static struct err *create_session(struct req *rq)
{
	struct ctx      *cx = req_ctx(rq);
	struct in        in = {.visitor_id = NULL};
	struct session   session;
	struct json_out *out;
	enum mode        mode;

	TRY(input_parse(rq, fields, COUNT(fields), &in));
	if (in.mode && !mode_find(in.mode, &mode))
		FAIL_FIELD(cx, "mode", "is not a known mode");
	TRY(session_create(cx,
	                   &(struct session_new){.visitor_id = lasting_visitor_id(&in),
	                                         .consent = in.consent,
	                                         .mode = in.mode,
	                                         .payers = request_payers(rq)},
	                   &session));
	out = reply_json(rq, 200, 0);
	json_obj(out, NULL);
	json_str(out, "session_id", session.id);
	json_str(out, "session_secret", session.secret);
	json_str(out, "realtime_token", keys_realtime_token(cx, session.id));
	json_str(out, "expires_at", session.expires_at);
	if (session.is_apart) {
		json_arr(out, "degraded");
		json_str(out, NULL, "memory");
		json_end(out);
	}
	json_end(out);
	return NULL;
}

int main(int argc, char **argv)
{
	return service_main(argc, argv,
	                    &(struct service){.name = "create_session",
	                                      .methods = METHOD_POST,
	                                      .body_max = (size_t)1 << 20,
	                                      .deadline_ms = 5000,
	                                      .rate_per_minute = 30,
	                                      .threads = 16,
	                                      .needs_key = true,
	                                      .is_idempotent = true,
	                                      .handle = create_session});
}
