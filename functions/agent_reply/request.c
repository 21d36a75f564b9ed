/* request.c -- fields, and what they may be together. */
#include "request.h"

#include "../../common/domain/talk/mode.h"
#include "../../common/domain/talk/prompt.h"
#include "../../common/engines/hearing_budget.h"
#include "../../common/web/input.h"
#include "../../common/web/sse_out.h"
#include "spoken.h"

#include <ctype.h>

#define MODE_MAX      50
#define HEARD_MS_MAX  3600000
#define MODEL_MAX     200
#define COMPAT_CLIENT "supabase-js-web"

static const struct input_field fields[] = {
	INPUT_SESSION(in),
	INPUT_TEXT(in, user_message, .max = USER_MESSAGE_MAX),
	INPUT_TEXT(in, audio_base64, .max = INT64_MAX),
	INPUT_TEXT(in, language, .max = RECORDING_LANGUAGE_MAX),
	INPUT_TEXT(in, mode, .max = MODE_MAX),
	INPUT_BOOL(in, is_performer_mode),
	INPUT_TEXT(in, model, .max = MODEL_MAX),
	INPUT_NODE(in, context, .is_object = true),
	INPUT_TEXT(in, turn_id, .min = 1, .max = TURN_ID_MAX),
	INPUT_BOOL(in, audio),
	INPUT_BOOL(in, cancel),
	INPUT_BOOL(in, resume),
	INPUT_BOOL(in, speculative),
	INPUT_BOOL(in, barge_in),
	INPUT_NUMBER(in, heard_ms, .max = HEARD_MS_MAX),
};

struct page_values {
	bool is_compat, wants_excuses;
};
static struct page_values page;

static const struct cfg_key page_keys[] = {
	CFG_KEY_BOOL(page_values, wants_excuses, "SCRIBE_COMPAT_ERRORS", .fallback = "0",
                 .help = "1: where a turn fails, the existing page gets 200 and a spoken sentence"),
	CFG_KEY_BOOL(page_values, is_compat, "SCRIBE_COMPAT_UI", .fallback = "1",
                 .help = "1: intents on which the existing page goes mute are spelled apart"),
};
const struct cfg_group page_settings = {"Page", &page, page_keys, COUNT(page_keys)};

static bool is_of_page(const struct req *rq)
{
	const char *client = req_header(rq, "X-Client-Info");

	return client && span_starts(span_of(client), SPAN(COMPAT_CLIENT));
}

bool request_wants_excuses(const struct req *rq)
{
	return page.wants_excuses && is_of_page(rq);
}

/* One of both, and no more of words than anybody says. */
static struct err *check_message(struct req *rq, const struct in *in)
{
	struct ctx *cx = req_ctx(rq);

	if (in->cancel + in->resume + in->speculative > 1)
		FAIL_FIELD(cx, in->resume ? "resume" : "speculative",
		           "does not go with another; give one of cancel, resume and speculative");
	if ((in->cancel || in->resume) && !in->turn_id)
		FAIL_FIELD(cx, "turn_id", "is missing: which turn?");
	if (in->cancel || in->resume)
		return NULL;
	TRY(recording_language_check(cx, in->language));
	if (in->audio_base64 && in->user_message)
		FAIL_FIELD(cx, "audio_base64", "takes the place of user_message; give one of them");
	if (in->audio_base64)
		return NULL;
	if (!in->user_message)
		FAIL_FIELD(cx, "user_message", "is missing");
	if (str_is_blank(in->user_message))
		FAIL_FIELD(cx, "user_message", "must not be empty");
	if (req_body(rq).len > TEXT_BODY_MAX)
		FAIL(cx, ERR_TOO_LARGE, "without a recording a body has at most %zu bytes", TEXT_BODY_MAX);
	return NULL;
}

/* Who has used up what may be heard need not have a large body read. */
static struct err *read_fields(struct req *rq, struct in *in)
{
	if (req_is_audio(rq))
		return spoken_read(rq, in);
	TRY(spoken_check_type(rq));
	if (req_body(rq).len > TEXT_BODY_MAX)
		TRY(hearing_budget_check(req_ctx(rq)));
	TRY(input_parse(rq, fields, COUNT(fields), in));
	return check_message(rq, in);
}

/* As the database spells it: turns are found by it, and what is sealed is bound to it. */
static const char *lower_case(struct ctx *cx, const char *id)
{
	char *out = arena_strdup(cx->arena, id);

	for (char *c = out; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return out;
}

struct err *request_read(struct req *rq, struct in *in)
{
	struct ctx *cx = req_ctx(rq);
	struct span message;
	enum mode   mode;

	TRY(read_fields(rq, in));
	in->session_id = lower_case(cx, in->session_id);
	if (in->mode && !mode_find(in->mode, &mode))
		FAIL_FIELD(cx, "mode", "is not a known mode");
	if (in->user_message) {
		message = span_of(in->user_message);
		in->is_nudge = prompt_strip_nudge(&message);
	}
	if (in->is_nudge && in->speculative)
		FAIL_FIELD(cx, "speculative", "is for what a visitor says");
	if (in->is_nudge)
		in->audio = false;
	in->is_compat = page.is_compat && is_of_page(rq);
	return NULL;
}
