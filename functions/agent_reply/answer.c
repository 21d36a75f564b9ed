/* answer.c -- the answer's JSON, and its audio. */
#include "answer.h"

#include "../../common/base/base64.h"
#include "../../common/base/json_out.h"
#include "../../common/web/keys.h"
#include "delivery.h"
#include "left.h"

#define TEXT_ROOM ((size_t)512 << 10) /* for all but the audio */

_Static_assert(BASE64_ENCODED_BYTES(DELIVERY_AUDIO_MAX) + TEXT_ROOM <= ANSWER_BYTES_MAX,
               "an answer holds its audio");

#define NO_VOICE ",\"audio_base64\":null}"

static void write_timings(struct json_out *j, const struct answer *a)
{
	json_obj(j, "timings");
	if (a->heard_ms)
		json_int(j, "heard_ms", a->heard_ms);
	json_int(j, "begin_ms", a->begin_ms);
	json_int(j, "recall_ms", a->recall_ms);
	json_int(j, "think_ms", a->think_ms);
	json_int(j, "first_token_ms", a->first_token_ms);
	json_int(j, "first_sentence_ms", a->first_sentence_ms);
	json_int(j, "first_audio_ms", a->first_audio_ms);
	json_int(j, "last_audio_ms", a->last_audio_ms);
	json_int(j, "speak_ms", a->speak_ms);
	json_int(j, "total_ms", (int64_t)(clock_mono_ms() - a->start_ms));
	json_bool(j, "connection_reused", a->is_connection_reused);
	json_end(j);
}

static void write_usage(struct json_out *j, const struct chat_usage *usage)
{
	json_obj(j, "usage");
	json_int(j, "prompt_tokens", usage->prompt_tokens);
	json_int(j, "completion_tokens", usage->completion_tokens);
	json_int(j, "total_tokens", usage->prompt_tokens + usage->completion_tokens);
	json_end(j);
}

static void write_degraded(struct json_out *j, const struct answer *a)
{
	if (a->degraded_n == 0)
		return;
	json_arr(j, "degraded");
	for (size_t i = 0; i < a->degraded_n; i++)
		json_str(j, NULL, a->degraded[i]);
	json_end(j);
}

static void write_flags(struct json_out *j, const struct flags *flags)
{
	json_arr(j, "flags");
	for (size_t i = 0; i < flags->n; i++)
		if (flags->applied[i].is_on)
			json_str(j, NULL, flags->applied[i].name);
	json_end(j);
}

/* The one that came with the session is past half its life, or so may be the last from here. */
static void write_token(struct ctx *cx, struct json_out *j, const struct turn *turn)
{
	const char *token = turn->session_age_s >= REALTIME_TOKEN_S / 2
	                        ? keys_realtime_token(cx, turn->session_id)
	                        : NULL;

	if (token)
		json_str(j, "realtime_token", token);
}

static void write_extract(struct json_out *j, const struct in *in, const struct turn_lead *lead)
{
	if (lead)
		extract_write(j, "extract", lead->extract, lead->score, in->is_compat);
	else
		json_null(j, "extract");
}

struct err *answer_json(struct ctx *cx, const struct in *in, const struct turn *turn,
                        const struct answer *a, struct span *out)
{
	struct json_out *j = json_new(cx->arena, ANSWER_BYTES_MAX);

	json_obj(j, NULL);
	json_str(j, "text", a->text);
	write_extract(j, in, a->lead);
	json_str(j, "session_id", turn->session_id);
	json_str(j, "current_mode", turn->mode);
	json_str(j, "provider", a->provider);
	json_str(j, "turn_id", turn->turn_id);
	write_timings(j, a);
	write_usage(j, &a->usage);
	write_degraded(j, a);
	write_flags(j, &a->flags);
	if (a->is_truncated)
		json_bool(j, "is_truncated", true);
	write_token(cx, j, turn);
	json_null(j, "audio_base64"); /* the last: answer_voice() puts it in */
	json_end(j);
	return json_finish(cx, j, out);
}

/* In the place of the null that answer_json() ends with. */
struct err *answer_voice(struct ctx *cx, struct span json, struct span audio, struct span *out)
{
	size_t     at = json.len - SPAN("null}").len, bytes = BASE64_ENCODED_BYTES(audio.len);
	struct buf b = buf_new(cx->arena, ANSWER_BYTES_MAX);
	char      *text;

	*out = json;
	if (!audio.ptr)
		return NULL;
	text = buf_extend(&b, at + bytes + SPAN("\"\"}").len);
	if (!text)
		FAIL(cx, ERR_INTERNAL, "an answer with %zu bytes of audio", audio.len);
	memcpy(text, json.ptr, at);
	text[at] = '"';
	base64_encode(audio.ptr, audio.len, text + at + 1);
	/* NOLINTNEXTLINE(bugprone-not-null-terminated-result): a length goes with it */
	memcpy(text + at + 1 + bytes, "\"}", 2);
	*out = buf_span(&b);
	return NULL;
}

/* Inside a string its quotes would be escaped. */
struct err *answer_unvoice(struct ctx *cx, struct span json, struct span *silent_out,
                           struct span *audio_out)
{
	static const struct span name = SPAN(",\"audio_base64\":\"");
	const char              *at = memmem(json.ptr, json.len, name.ptr, name.len);
	struct span              text;
	char                    *audio;
	size_t                   n;

	*silent_out = json;
	*audio_out = (struct span){NULL, 0};
	if (!at)
		return NULL;
	text = (struct span){at + name.len, (size_t)(json.ptr + json.len - at) - name.len - 2};
	audio = arena_alloc_raw(cx->arena, BASE64_DECODED_MAX(text.len));
	if (!base64_decode(text, audio, &n))
		FAIL(cx, ERR_INTERNAL, "a kept answer's audio is not base64");
	*audio_out = (struct span){audio, n};
	*silent_out =
		span_of(arena_printf(cx->arena, "%.*s%s", (int)(at - json.ptr), json.ptr, NO_VOICE));
	return NULL;
}

struct err *answer_is_reply(struct ctx *cx, struct span silent, bool *is_reply_out)
{
	const struct cJSON *answer;

	TRY(json_parse(cx, silent, &answer));
	*is_reply_out = json_text_at(answer, "text") != NULL;
	return NULL;
}

struct span answer_unvoiced(struct ctx *cx, struct span json)
{
	return span_of(arena_printf(cx->arena, "%.*s}", (int)(json.len - strlen(NO_VOICE)), json.ptr));
}

bool answer_is_rest(const struct answer *a)
{
	return a->before && a->before->sent > 0;
}
