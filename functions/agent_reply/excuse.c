/* excuse.c -- a few sentences, each spoken once for all who need it.
 *
 * The existing page plays what it gets with 200 and is silent about all else, so who speaks to it
 * waits for nothing. What another program of that client would want to see is beside the sentence;
 * the log has the error's code. */
#include "excuse.h"

#include "../../common/base/log.h"
#include "../../common/domain/talk/prompt.h"
#include "../../common/domain/voice/spoken_text.h"
#include "../../common/engines/speaking.h"
#include "answer.h"
#include "request.h"

#include <pthread.h>

#define SPEAK_MS 1500u /* nginx waits two seconds past the end of a request's time */

enum excuse {
	EXCUSE_ENDED,
	EXCUSE_TOO_LONG,
	EXCUSE_TOO_OFTEN,
	EXCUSE_BUSY,
	EXCUSE_FAILED,
	EXCUSES_N,
	NO_EXCUSE = EXCUSES_N
};

static const char *const sentences[EXCUSES_N] = {
	[EXCUSE_ENDED] = "Our conversation has ended. Please reload the page, and we begin a new one.",
	[EXCUSE_TOO_LONG] = "That was too long for me. Please say it again in fewer words.",
	[EXCUSE_TOO_OFTEN] = "That was a lot at once. Please wait a minute, then say it again.",
	[EXCUSE_BUSY] = "I can't answer just now. Please wait a moment, then say it again.",
	[EXCUSE_FAILED] = "Something went wrong on my side. Please say it again.",
};

/* Once spoken, each stays: an MP3 of malloc(). */
static struct {
	pthread_mutex_t lock;
	struct {
		char  *bytes;
		size_t n;
	} spoken[EXCUSES_N];
} kept = {.lock = PTHREAD_MUTEX_INITIALIZER};

void excuse_stop(void)
{
	for (size_t i = 0; i < EXCUSES_N; i++) {
		free(kept.spoken[i].bytes);
		kept.spoken[i].bytes = NULL;
	}
}

static enum excuse excuse_for(const struct err *e, bool is_message_long)
{
	switch (e->kind) {
	case ERR_SESSION:
	case ERR_SESSION_EXPIRED:
		return EXCUSE_ENDED;
	case ERR_TOO_LARGE:
		return EXCUSE_TOO_LONG;
	case ERR_INPUT:
		return is_message_long ? EXCUSE_TOO_LONG : NO_EXCUSE;
	case ERR_RATE:
		return EXCUSE_TOO_OFTEN;
	case ERR_UNAVAILABLE:
		return EXCUSE_BUSY;
	case ERR_INTERNAL:
	case ERR_UPSTREAM:
	case ERR_UPSTREAM_DENIED:
	case ERR_UPSTREAM_REJECTED:
	case ERR_DEADLINE:
		return EXCUSE_FAILED;
	default:
		return NO_EXCUSE; /* the caller's mistake, or a turn that nobody waits for any more */
	}
}

static struct span spoken_before(enum excuse which)
{
	struct span found;

	pthread_mutex_lock(&kept.lock);
	found = (struct span){kept.spoken[which].bytes, kept.spoken[which].n};
	pthread_mutex_unlock(&kept.lock);
	return found;
}

/* Two threads may have spoken it: the first one's stays, for the other may be in use. */
static void keep(enum excuse which, struct span audio)
{
	char *copy = malloc(audio.len);

	if (!copy)
		return;
	memcpy(copy, audio.ptr, audio.len);
	pthread_mutex_lock(&kept.lock);
	if (!kept.spoken[which].bytes) {
		kept.spoken[which].bytes = copy;
		kept.spoken[which].n = audio.len;
		copy = NULL;
	}
	pthread_mutex_unlock(&kept.lock);
	free(copy);
}

/* Empty where no voice can in time: the text is there. */
static struct span speak_now(struct ctx *cx, enum excuse which)
{
	struct chain_result served;
	struct speech       speech;
	struct spoken       words;
	struct err         *e;

	ctx_detach(cx, SPEAK_MS);
	spoken_text_clean(cx->arena, span_of(sentences[which]), &words);
	e = speak(cx,
	          &(struct speech_order){.pieces = words.pieces,
	                                 .n = words.pieces_n,
	                                 .format = SPEECH_MP3},
	          &speech, &served);
	if (e) {
		log_err(LOG_WARN, cx, "excuse_not_spoken", e);
		return (struct span){NULL, 0};
	}
	if (!served.fell_back)
		keep(which, speech.audio);
	return speech.audio;
}

static struct err *write_answer(struct req *rq, const struct err *e, enum excuse which,
                                struct span audio, struct span *out)
{
	struct ctx      *cx = req_ctx(rq);
	struct json_out *j = json_new(cx->arena, ANSWER_BYTES_MAX);

	json_obj(j, NULL);
	json_str(j, "text", which == NO_EXCUSE ? SILENT_TEXT : sentences[which]);
	json_null(j, "extract");
	json_str(j, "error", err_text(e->kind));
	json_str(j, "code", err_code(e->kind));
	json_str(j, "request_id", cx->id);
	json_null(j, "audio_base64");
	json_end(j);
	TRY(json_finish(cx, j, out));
	return answer_voice(cx, *out, audio, out);
}

/* What of the request tells how to answer; nothing of one that was refused unread. */
struct asked {
	bool is_read, is_nudge, is_cancel, is_long, is_mute;
};

static struct asked look(struct req *rq)
{
	const struct cJSON *root;
	const char         *message;
	struct asked        asked = {.is_read = false};
	struct span         words;
	struct err         *e = req_body(rq).len && !req_is_audio(rq) ? req_json(rq, &root) : NULL;

	asked.is_read = req_body(rq).len > 0;
	if (!asked.is_read || req_is_audio(rq) || e)
		return asked;
	message = json_text_at(root, "user_message");
	words = span_of(message ? message : "");
	asked.is_nudge = prompt_strip_nudge(&words);
	asked.is_long = words.len > USER_MESSAGE_MAX;
	asked.is_cancel = json_bool_at(root, "cancel", false);
	asked.is_mute = !json_bool_at(root, "audio", true);
	return asked;
}

/* The thread that refuses speaks nothing itself: others wait to be refused. */
static struct span voice_of(struct req *rq, enum excuse which, const struct asked *asked)
{
	struct span audio = {NULL, 0};

	if (asked->is_mute)
		return audio;
	audio = spoken_before(which);
	return audio.ptr || !asked->is_read ? audio : speak_now(req_ctx(rq), which);
}

void excuse_take(struct req *rq, const struct err *e)
{
	struct span  audio = {NULL, 0}, json;
	struct asked asked;
	enum excuse  which;
	struct err  *failed;

	if (!request_wants_excuses(rq))
		return;
	asked = look(rq);
	which = excuse_for(e, asked.is_long);
	if (which == NO_EXCUSE || asked.is_cancel)
		return;
	if (asked.is_nudge)
		which = NO_EXCUSE; /* nobody said anything: nobody is told anything */
	else
		audio = voice_of(rq, which, &asked);
	failed = write_answer(rq, e, which, audio, &json);
	if (failed)
		log_err(LOG_ERROR, req_ctx(rq), "excuse_not_spoken", failed);
	else
		reply_bytes(rq, 200, "application/json", json);
}
