/* kept_audio.c -- bytes first, then in one transaction the file's row and the utterance's. */
#include "kept_audio.h"

#include "../../common/base/log.h"
#include "../../common/db/db.h"
#include "../../common/domain/files/file_type.h"
#include "../../common/domain/voice/audio.h"
#include "../../common/store/objects.h"
#include "../../common/work/object_bytes.h"

struct sound {
	const char        *session_id, *utterance_id;
	struct span        bytes;
	struct object_file file;
	struct object_put  put;
	bool               is_kept;
};

static struct err *store(struct ctx *cx, void *data)
{
	struct sound *s = data;

	TRY(objects_have_room(cx, (int64_t)s->file.size, &s->is_kept));
	if (!s->is_kept)
		return NULL;
	return objects_put_recording(cx, &s->put, s->utterance_id, &s->is_kept);
}

static struct err *keep(struct ctx *cx, struct sound *s)
{
	char       *type = arena_alloc(cx->arena, FILE_TYPE_MAX + 32);
	struct err *e;

	s->put = (struct object_put){.bucket = "audio",
	                             .name = arena_printf(cx->arena, "%s/%s.%s", s->session_id,
	                                                  s->utterance_id,
	                                                  audio_format_name(audio_sniff(s->bytes))),
	                             .file = &s->file,
	                             .type = file_type_of(s->bytes, SPAN(""), type),
	                             .cache_control = "no-cache",
	                             .by_system = true,
	                             .session_id = s->session_id};
	TRY(object_bytes_keep(cx, s->bytes, &s->file));
	e = db_tx(cx, store, s);
	if (!(e && e->uncertain) && (e || !s->is_kept))
		(void)!object_bytes_remove(cx, s->file.version);
	TRY(e);
	if (!s->is_kept)
		FAIL(cx, ERR_UNAVAILABLE, "there is no room for it, or nothing it belongs to");
	return NULL;
}

static void keep_behind(struct ctx *cx, void *data)
{
	struct err *e = keep(cx, data);

	if (e)
		log_err(LOG_WARN, cx, "audio_not_kept", e);
}

static void keep_later(struct req *rq, const struct turn *turn, const char *utterance_id,
                       struct span bytes)
{
	struct sound *s = NEW(req_ctx(rq)->arena, struct sound);

	if (!utterance_id || bytes.len == 0)
		return;
	s->session_id = turn->session_id;
	s->utterance_id = utterance_id;
	s->bytes = bytes;
	req_after(rq, keep_behind, s);
}

void kept_audio_after(struct req *rq, const struct in *in, const struct turn *turn,
                      const struct answer *a)
{
	if (!storage_keeps_audio() || !turn->has_consent || a->reading.is_in_distress ||
	    in->said.is_danger)
		return;
	keep_later(rq, turn, turn->utterance_id, in->recording);
	if (a->audio.ptr && !answer_is_rest(a))
		keep_later(rq, turn, turn->reply_id, a->audio);
}
