/* builtin_llm.c -- the last link of the thinking chain: the built-in responder as an engine. */
#include "thinking.h"

#include "../domain/talk/responder.h"
#include "../domain/text/sentence.h"

/* The reply sentence by sentence, each with the space behind it, as a model would stream it. */
static void stream(const struct chat_order *order, const char *text)
{
	struct span rest = {text, strlen(text)}, sentence;
	const char *from = text;

	while (sentence_next(&rest, &sentence, true)) {
		const char *end = rest.len ? rest.ptr + 1 : rest.ptr;

		if (!order->on_text((struct span){from, (size_t)(end - from)}, order->data))
			return;
		from = end;
	}
}

static struct err *complete(struct ctx *cx, const struct chat_order *order, struct chat_reply *out)
{
	enum mode mode = MODE_DEFAULT;

	if (order->schema_name)
		FAIL(cx, ERR_UPSTREAM_REJECTED, "builtin: no structured answers");
	if (order->mode)
		mode_find(order->mode, &mode);
	*out = (struct chat_reply){.model = "builtin"};
	out->text = responder_reply(cx->arena, order->messages, order->n, mode);
	if (order->on_text)
		stream(order, out->text);
	return NULL;
}

struct llm_engine builtin_llm = {
	.p = {.name = "builtin", .timeout_ms = 1000, .is_local = true},
	.complete = complete,
};
