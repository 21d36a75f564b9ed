/* left.c -- to a row and to the shelf, and back. */
#include "left.h"

#include "../../common/base/json_in.h"
#include "../../common/base/json_out.h"
#include "../../common/base/log.h"
#include "../../common/store/turn_progress.h"
#include "shelf.h"

#define ARENA_BYTES 4096u

static const char *key_of(struct ctx *cx, const struct turn *turn)
{
	return arena_printf(cx->arena, "left %s %lld", turn->session_id, (long long)turn->number);
}

/* ---- the text ---- */

static struct err *write_text(struct ctx *cx, const struct left *left, struct span *out)
{
	struct json_out *j = json_new(cx->arena, 0);

	json_obj(j, NULL);
	json_span(j, "text", left->text);
	json_int(j, "sent", (int64_t)left->sent);
	json_int(j, "seq", left->seq);
	json_str(j, "ends", spoken_pieces_text(cx, left->ends, left->ends_n));
	json_str(j, "provider", left->provider);
	json_bool(j, "lacks_end", left->lacks_end);
	json_bool(j, "is_truncated", left->is_truncated);
	json_bool(j, "is_degraded", left->is_degraded);
	json_int(j, "prompt_tokens", left->usage.prompt_tokens);
	json_int(j, "completion_tokens", left->usage.completion_tokens);
	json_end(j);
	return json_finish(cx, j, out);
}

/* ---- the sound ---- */

static size_t sound_bytes(const struct left *left)
{
	size_t bytes = 0;

	for (size_t i = 0; i < left->pieces_n; i++)
		bytes += parts_bytes(left->pieces[i].parts);
	return bytes;
}

static struct part *copy_parts(struct arena *a, const struct part *from)
{
	struct part *first = NULL, **end = &first;

	for (; from; from = from->next) {
		*end = NEW(a, struct part);
		(*end)->part = from->part;
		(*end)->part.frames.ptr = arena_strndup(a, from->part.frames.ptr, from->part.frames.len);
		end = &(*end)->next;
	}
	return first;
}

struct left left_copy(struct arena *a, const struct left *left)
{
	struct left_piece   *pieces = NEW_ARRAY(a, struct left_piece, left->pieces_n);
	struct spoken_piece *ends = NEW_ARRAY(a, struct spoken_piece, left->ends_n);
	struct left          copy = *left;

	copy.text.ptr = arena_strndup(a, left->text.ptr, left->text.len);
	memcpy(ends, left->ends, left->ends_n * sizeof(*ends));
	for (size_t i = 0; i < left->pieces_n; i++) {
		struct span text = left->pieces[i].text;

		pieces[i].text = (struct span){arena_strndup(a, text.ptr, text.len), text.len};
		pieces[i].parts = copy_parts(a, left->pieces[i].parts);
	}
	copy.pieces = pieces;
	copy.provider = left->provider ? arena_strdup(a, left->provider) : NULL;
	copy.ends = ends;
	return copy;
}

/* What has no place there is spoken anew. */
static void shelve(struct ctx *cx, const struct turn *turn, const struct left *left)
{
	size_t        bytes = sound_bytes(left);
	struct arena *a;
	struct left  *kept;

	if (bytes == 0 || bytes > LEFT_AUDIO_MAX)
		return;
	a = arena_new(ARENA_BYTES);
	kept = NEW(a, struct left);
	*kept = left_copy(a, left);
	shelf_put(key_of(cx, turn), TURN_RESUME_MS, a, kept);
}

/* Of another text nothing is of use. */
static bool fits(const struct left *kept, const struct left *left)
{
	struct span rest = {left->text.ptr + left->sent, left->text.len - left->sent};

	if (kept->sent != left->sent)
		return false;
	for (size_t i = 0; i < kept->pieces_n; i++) {
		struct span text = kept->pieces[i].text;

		if (!span_starts(rest, text))
			return false;
		rest = (struct span){rest.ptr + text.len, rest.len - text.len};
	}
	return rest.len == 0;
}

/* ---- both ---- */

const char *left_sent(struct ctx *cx, const struct left *left)
{
	return arena_strndup(cx->arena, left->text.ptr, left->sent);
}

void left_keep(struct ctx *cx, const struct turn *turn, const struct left *left)
{
	struct span text;
	bool        is_left = false;
	struct err *e = write_text(cx, left, &text);

	if (!e)
		e = turn_leave_unsaid(cx, turn, text, &is_left);
	if (is_left)
		shelve(cx, turn, left);
	if (e)
		log_err(LOG_WARN, cx, "unsaid_not_kept", e);
}

struct err *left_read(struct ctx *cx, const struct turn *turn, struct span unsaid, struct left *out)
{
	const struct left   *kept = shelf_take(cx, key_of(cx, turn));
	struct spoken_piece *ends = NEW_ARRAY(cx->arena, struct spoken_piece, SPOKEN_PIECES_MAX);
	const struct cJSON  *root;
	int64_t              sent;

	*out = (struct left){.ends_n = 0};
	TRY(json_parse(cx, unsaid, &root));
	out->text = span_of(json_text_at(root, "text"));
	sent = (int64_t)json_num_at(root, "sent", 0);
	if (sent < 0 || (size_t)sent > out->text.len)
		FAIL(cx, ERR_INTERNAL, "what is unsaid begins behind its end");
	out->sent = (size_t)sent;
	out->seq = (unsigned)json_num_at(root, "seq", 0);
	out->provider = json_text_at(root, "provider");
	out->lacks_end = json_bool_at(root, "lacks_end", false);
	out->is_truncated = json_bool_at(root, "is_truncated", false);
	out->is_degraded = json_bool_at(root, "is_degraded", false);
	out->usage.prompt_tokens = (int64_t)json_num_at(root, "prompt_tokens", 0);
	out->usage.completion_tokens = (int64_t)json_num_at(root, "completion_tokens", 0);
	out->ends = ends;
	out->ends_n = spoken_pieces_read(json_text_at(root, "ends"), ends);
	if (kept && fits(kept, out)) {
		out->pieces = kept->pieces;
		out->pieces_n = kept->pieces_n;
	}
	return NULL;
}
