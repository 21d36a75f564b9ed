/* builtin_llm.c -- the last link of the thinking chain: the built-in responder as an engine. */
#include "thinking.h"

#include "../domain/talk/responder.h"
#include "../domain/text/sentence.h"
#include "acts.h"
#include "distress.h"

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

/* What the newest message does and the conversation tells, where nobody has read them. */
static void read_newest(struct ctx *cx, const struct chat_order *order, struct reading *out)
{
	const char       *newest = order->n ? order->messages[order->n - 1].content : "";
	struct act_words  said = act_words_of(cx, span_of(newest));
	struct rule_told *told = NEW(cx->arena, struct rule_told);

	reading_of_chat(cx, order->messages, order->n, told);
	said.language = reading_language(cx, &said, NULL, 0);
	*out = (struct reading){.act = acts_read(cx, &said, NULL, NULL, true),
	                        .is_foreign = act_is_foreign(&said),
	                        .language = said.language,
	                        .told = told};
	out->distress_line = distress_line(out->language);
}

static struct err *complete(struct ctx *cx, const struct chat_order *order, struct chat_reply *out)
{
	enum mode      mode = MODE_DEFAULT;
	struct reading own;

	if (order->schema_name)
		FAIL(cx, ERR_UPSTREAM_REJECTED, "builtin: no structured answers");
	if (order->mode)
		mode_find(order->mode, &mode);
	*out = (struct chat_reply){.model = "builtin"};
	if (!order->reading)
		read_newest(cx, order, &own);
	out->text = responder_reply(cx, order->messages, order->n, mode,
	                            order->reading ? order->reading : &own);
	if (order->on_text)
		stream(order, out->text);
	return NULL;
}

struct llm_engine builtin_llm = {
	.p = {.name = "builtin", .settings = &distress_settings, .timeout_ms = 1000, .is_local = true},
	.complete = complete,
};
