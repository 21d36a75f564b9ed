/* fuzz_chat_reply.c -- any bytes in the place of a chat answer give an answer or an error,
 * and an answer has text. */
#include "../../common/base/json_in.h"
#include "../../common/base/log.h"
#include "../../common/base/utf8.h"
#include "../unit/chat_feed.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take(struct span piece, void *data)
{
	(void)piece;
	*(bool *)data = true;
	return true;
}

static void read_stream(struct ctx *cx, struct span text, size_t step)
{
	bool                 is_given = false;
	struct chat_reading *r = chat_reading_new(cx, step > text.len ? NULL : take, &is_given);
	struct chat_reply    reply = {0};
	enum http_verdict    verdict = HTTP_GO_ON;
	struct chat_feed     f;
	struct err          *e;

	chat_feed_start(&f, cx->arena, r);
	for (size_t at = 0; at < text.len && verdict < HTTP_STOP; at += step) {
		size_t left = text.len - at;

		verdict = chat_feed(&f, (struct span){text.ptr + at, left < step ? left : step});
	}
	e = chat_reading_end(r, NULL, &reply);
	assert(!e || !e->is_late || is_given);
	if (e && !e->is_late)
		return;
	assert(reply.text[0]);
	assert(utf8_is_valid((struct span){reply.text, strlen(reply.text)}));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx        cx = {.arena = arena_new(16384), .deadline = deadline_in(1000)};
	struct span       text = {(const char *)data, size};
	struct chat_reply reply;

	json_start();
	log_setup("fuzz", LOG_ERROR);
	read_stream(&cx, text, size + 1);
	read_stream(&cx, text, size % 7 + 1);
	if (!chat_structured(&cx, text, &reply))
		assert(reply.text[0] == '{');
	arena_free(&cx.arena);
	return 0;
}
