/* payers.c -- names in the ledger. */
#include "payers.h"

#include "base64.h"
#include "cfg.h"

static void add_name(struct payers *to, struct span name)
{
	for (size_t i = 0; i < to->n; i++)
		if (span_equal(span_of(to->of[i].name), name))
			return;
	if (to->n == PAYERS_MAX || name.len > PAYER_CHARS)
		return;
	snprintf(to->of[to->n++].name, PAYER_CHARS + 1, "%.*s", (int)name.len, name.ptr);
}

void payers_add(struct payers *to, const char *kind, struct hash whose)
{
	char text[BASE64_ENCODED_BYTES(CRYPTO_HASH_BYTES) + 1] = "";
	char name[PAYER_CHARS + 1];

	base64_encode(whose.bytes, sizeof(whose.bytes), text);
	snprintf(name, sizeof(name), "%s:%s", kind, text);
	add_name(to, span_of(name));
}

const char *payers_text(struct arena *a, const struct payers *payers)
{
	struct buf text = buf_new(a, 0);

	if (!payers || !payers->n)
		return NULL;
	for (size_t i = 0; i < payers->n; i++)
		buf_printf(&text, i ? ",%s" : "%s", payers->of[i].name);
	return buf_text(&text);
}

void payers_join(struct ctx *cx, const char *text)
{
	struct payers *joined;
	struct span    rest = span_of(text ? text : ""), name;

	if (!rest.len)
		return;
	joined = NEW(cx->arena, struct payers);
	*joined = cx->payers ? *cx->payers : (struct payers){.n = 0};
	while (cfg_next_item(&rest, &name))
		add_name(joined, name);
	cx->payers = joined;
}
