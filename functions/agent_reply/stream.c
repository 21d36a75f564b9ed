/* stream.c -- each event is one write. */
#include "stream.h"

#include "../../common/base/json_in.h"
#include "spoken.h"

#define EVENT_BYTES_MAX ((size_t)4 << 20)

_Static_assert(EVENT_BYTES_MAX >= ANSWER_BYTES_MAX, "an event holds the audio of an answer");

struct stream {
	struct req     *rq;
	struct ctx     *cx;
	struct sse_out *out; /* NULL: it has not begun */
	struct outlet   outlet;
	void (*sent)(struct span said, unsigned ms, void *data);
	void *sent_data;
};

static unsigned keep_company(void *data)
{
	struct stream *s = data;

	if (s->out)
		return sse_keep_alive(s->out);
	s->out = sse_start(s->rq);
	return SSE_PING_MS;
}

struct stream *stream_new(struct req *rq)
{
	struct ctx    *cx = req_ctx(rq);
	struct stream *s = NEW(cx->arena, struct stream);

	s->rq = rq;
	s->cx = cx;
	ctx_keep_company(cx, keep_company, s, SSE_PING_MS);
	return s;
}

static struct sse_out *open_events(struct stream *s)
{
	if (!s->out)
		s->out = sse_start(s->rq);
	return s->out;
}

static struct err *send_json(struct stream *s, const char *event, struct span json)
{
	return sse_event(open_events(s), event, json);
}

static struct err *send(struct stream *s, const char *event, struct json_out *j)
{
	struct span json;

	TRY(json_finish(s->cx, j, &json));
	return send_json(s, event, json);
}

/* For what is sent next: sound is large, and a reply has much of it. */
static struct json_out *object(struct stream *s)
{
	struct json_out *j = json_new(sse_memory(open_events(s)), EVENT_BYTES_MAX);

	json_obj(j, NULL);
	return j;
}

struct err *stream_heard(struct stream *s, const struct in *in)
{
	struct span json;

	TRY(spoken_json(s->cx, in, &json));
	return send_json(s, "heard", json);
}

struct err *stream_meta(struct stream *s, const struct turn *turn)
{
	struct json_out *j = object(s);

	json_str(j, "session_id", turn->session_id);
	json_str(j, "turn_id", turn->turn_id);
	json_str(j, "current_mode", turn->mode);
	json_end(j);
	return send(s, "meta", j);
}

static struct err *send_text(struct span delta, void *data)
{
	struct stream   *s = data;
	struct json_out *j = object(s);

	json_span(j, "delta", delta);
	json_end(j);
	return send(s, "text", j);
}

static struct err *send_audio(const struct audio_part *part, void *data)
{
	struct stream   *s = data;
	struct json_out *j = object(s);

	json_int(j, "seq", part->seq);
	json_int(j, "part", part->part);
	json_bool(j, "is_last", part->speech.is_last);
	json_str(j, "format", "mp3");
	json_base64(j, "audio_base64", part->speech.frames);
	if (part->text.ptr)
		json_span(j, "text", part->text);
	if (part->speech.delay_samples)
		json_int(j, "delay_samples", part->speech.delay_samples);
	if (part->speech.padding_samples)
		json_int(j, "padding_samples", part->speech.padding_samples);
	json_end(j);
	return send(s, "audio", j);
}

static void tell_sent(struct span said, unsigned ms, void *data)
{
	struct stream *s = data;

	if (s->sent)
		s->sent(said, ms, s->sent_data);
}

const struct outlet *stream_outlet(struct stream *s,
                                   void (*sent)(struct span said, unsigned ms, void *data),
                                   void *data)
{
	s->sent = sent;
	s->sent_data = data;
	s->outlet =
		(struct outlet){.text = send_text, .audio = send_audio, .sent = tell_sent, .data = s};
	return &s->outlet;
}

struct err *stream_extract(struct stream *s, const struct in *in, const struct turn_lead *lead)
{
	struct json_out *j;

	if (!lead)
		return NULL;
	j = json_new(s->cx->arena, EVENT_BYTES_MAX);
	extract_write(j, NULL, lead->extract, lead->score, in->is_compat);
	return send(s, "extract", j);
}

struct err *stream_done(struct stream *s, struct span json)
{
	return send_json(s, "done", answer_unvoiced(s->cx, json));
}

static struct err *send_kept(struct stream *s, const struct cJSON *answer, const char *event)
{
	const struct cJSON *member = json_at(answer, event);

	if (!member || json_type(member) == JSON_NULL)
		return NULL;
	return send_json(s, event, json_print(s->cx, member));
}

struct err *stream_heard_then(struct stream *s, struct span json)
{
	const struct cJSON *answer;

	TRY(json_parse(s->cx, json, &answer));
	return send_kept(s, answer, "heard");
}

struct err *stream_whole(struct stream *s, struct span json, struct span audio)
{
	const struct cJSON *answer;
	struct turn         turn = {.number = 0};
	struct audio_part   part = {.speech = {.frames = audio, .is_last = true}};

	TRY(json_parse(s->cx, json, &answer));
	turn.session_id = json_text_at(answer, "session_id");
	turn.turn_id = json_text_at(answer, "turn_id");
	turn.mode = json_text_at(answer, "current_mode");
	part.text = span_of(json_text_at(answer, "text"));
	if (part.text.len) { /* else there was no turn */
		TRY(stream_meta(s, &turn));
		TRY(send_text(part.text, s));
	}
	if (audio.ptr)
		TRY(send_audio(&part, s));
	TRY(send_kept(s, answer, "extract"));
	return stream_done(s, json);
}
