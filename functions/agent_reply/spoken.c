/* spoken.c -- from a request with a recording in it to a message. */
#include "spoken.h"

#include "../../common/base/json_out.h"
#include "../../common/base/stages.h"
#include "../../common/base/task.h"
#include "../../common/base/utf8.h"
#include "../../common/engines/hearing.h"
#include "../../common/engines/hearing_budget.h"
#include "../../common/store/sessions.h"
#include "../../common/web/input.h"

#define FIELD_BODY "body" /* where an error is of a recording that is the body */

/* ---- a body that is a recording ---- */

/* The head goes with the answer; a turn's end comes behind that. Of a secret no copy is left. */
static const char *copy_of(struct req *rq, const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(arena_alloc_secret(req_ctx(rq)->arena, size), text, size);
}

static struct err *read_header(struct req *rq, const char *name, size_t max, const char **out)
{
	const char *text = req_header(rq, name);

	if (text && !utf8_is_valid(span_of(text)))
		FAIL_FIELD(req_ctx(rq), name, "is not UTF-8");
	if (text && utf8_length(span_of(text)) > max)
		FAIL_FIELD(req_ctx(rq), name, "is longer than %zu characters", max);
	*out = text ? copy_of(rq, text) : NULL;
	return NULL;
}

static struct err *need_header(struct req *rq, const char *name, size_t max, const char **out)
{
	TRY(read_header(rq, name, max, out));
	if (!*out)
		FAIL_FIELD(req_ctx(rq), name, "is missing");
	return NULL;
}

struct err *spoken_read(struct req *rq, struct in *in)
{
	TRY(need_header(rq, HEADER_SESSION_ID, SESSION_ID_MAX, &in->session_id));
	TRY(need_header(rq, HEADER_SESSION_SECRET, SESSION_SECRET_MAX, &in->session_secret));
	return read_header(rq, HEADER_TURN_ID, TURN_ID_MAX, &in->turn_id);
}

/* JSON under any other name is read as that, as ever. */
struct err *spoken_check_type(struct req *rq)
{
	struct span type = span_of(req_content_type(rq));

	if (!req_header(rq, HEADER_SESSION_ID) || span_starts_nocase(type, SPAN("application/json")) ||
	    span_starts(span_trim(req_body(rq)), SPAN("{")))
		return NULL;
	FAIL_FIELD(req_ctx(rq), "Content-Type",
	           "is audio/... or application/octet-stream where the body is a recording");
}

/* ---- hearing ---- */

/* What is wrong with a recording names the field it comes in, and a body is no field of JSON. */
static struct err *name_place(const struct in *in, struct err *e)
{
	if (e && e->field && !in->audio_base64)
		e->field = FIELD_BODY;
	return e;
}

static struct err *find_bytes(struct req *rq, const struct in *in, struct span *out)
{
	if (in->audio_base64)
		return recording_decode(req_ctx(rq), in->audio_base64, out);
	*out = req_body(rq);
	if (!out->len)
		return err_field(req_ctx(rq), ERR_AUDIO, FIELD_BODY, WHERE,
		                 "is empty: no recording came with the request");
	return NULL;
}

/* A recording may be heard as more words than anybody can say: a message has a limit. */
static const char *message_of(struct ctx *cx, const char *text)
{
	struct span some = utf8_prefix(span_of(text), USER_MESSAGE_MAX);

	return arena_strndup(cx->arena, some.ptr, some.len);
}

struct hearing_order {
	struct transcript_order order;
	struct transcript      *out;
};

static struct err *hear_order(struct ctx *cx, void *data)
{
	const struct hearing_order *h = data;

	return transcript_of(cx, &h->order, h->out);
}

/* Who waits for events is kept company by the request's own thread. */
static struct err *hear_in_company(struct ctx *cx, const struct transcript_order *order,
                                   struct transcript *out)
{
	struct hearing_order *h = NEW(cx->arena, struct hearing_order);

	if (!cx->on_lull)
		return transcript_of(cx, order, out);
	*h = (struct hearing_order){*order, out};
	return task_join(task_start_large(cx, hear_order, h));
}

/* Proves the session, then has the recording heard. The room of a large one is given back, unless
 * it is kept. */
static struct err *hear_words(struct req *rq, struct in *in)
{
	struct ctx             *cx = req_ctx(rq);
	struct transcript      *spoken = NEW(cx->arena, struct transcript);
	struct transcript_order order = {.language = in->language};
	const char             *mode;

	TRY(hearing_budget_check(cx));
	TRY(session_check_mode(cx, in->session_id, in->session_secret, &mode));
	TRY(find_bytes(rq, in, &order.bytes));
	TRY(name_place(in, hear_in_company(cx, &order, spoken)));
	if (storage_keeps_audio()) {
		in->recording = order.bytes;
	} else {
		arena_let_go(order.bytes.ptr, order.bytes.len);
		req_let_go_of_body(rq, in->audio_base64);
	}
	in->spoken = spoken;
	in->user_message = message_of(cx, spoken->text);
	if (!*spoken->text)
		in->mode = mode;
	return NULL;
}

struct err *spoken_message(struct req *rq, struct in *in, struct answer *a, unsigned rest_ms)
{
	struct ctx           *cx = req_ctx(rq);
	const struct deadline whole = cx->deadline;
	uint64_t              since_ms = clock_mono_ms();

	if (in->user_message) {
		cx->deadline.at_ms -= HEAR_MS;
		return NULL;
	}
	cx->deadline = deadline_sooner(whole, deadline_in(HEAR_MS));
	TRY(hear_words(rq, in));
	cx->deadline = deadline_sooner(whole, deadline_in(rest_ms));
	a->heard_ms = (unsigned)(clock_mono_ms() - since_ms) + 1;
	STAGE(cx, "hear", since_ms, STAGE_INT("audio_ms", in->spoken->audio_ms));
	if (in->spoken->is_degraded)
		a->degraded[a->degraded_n++] = hearing.capability;
	return NULL;
}

/* ---- telling ---- */

struct err *spoken_json(struct ctx *cx, const struct in *in, struct span *out)
{
	const struct transcript *spoken = in->spoken;
	struct json_out         *j = json_new(cx->arena, 0);

	json_obj(j, NULL);
	json_str(j, "text", spoken->text);
	json_num(j, "confidence", spoken->confidence);
	json_str(j, "language", spoken->language);
	json_int(j, "audio_ms", spoken->audio_ms);
	if (in->is_backchannel)
		json_bool(j, "is_backchannel", true);
	json_end(j);
	return json_finish(cx, j, out);
}

/* What is kept of an answer may be given to who typed the same words: it is put in for each who
 * asks, as the first member. */
struct err *spoken_answer(struct ctx *cx, const struct in *in, struct span json, struct span *out)
{
	const struct span name = SPAN("{\"heard\":");
	struct span       heard;
	struct buf        all;

	*out = json;
	if (!in->spoken)
		return NULL;
	TRY(spoken_json(cx, in, &heard));
	all = buf_new(cx->arena, name.len + heard.len + json.len);
	buf_add(&all, name.ptr, name.len);
	buf_add(&all, heard.ptr, heard.len);
	buf_char(&all, ',');
	buf_add(&all, json.ptr + 1, json.len - 1);
	*out = buf_span(&all);
	return NULL;
}
