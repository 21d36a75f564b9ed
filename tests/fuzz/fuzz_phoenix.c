/* Messages of realtime's clients, in both versions and as bytes: what is taken for one can be sent
 * on, and comes out as it came in. */
#include "fuzz.h"

#include "../../common/base/crypto.h"
#include "../../common/web/phoenix.h"

#include <assert.h>

#define OUT_MAX ((size_t)1 << 20)

static void send_on(struct ctx *cx, enum phoenix_version version, const struct phoenix_message *m)
{
	struct phoenix_text    text = {m->topic, m->event, m->ref, m->join_ref, SPAN("{}")};
	struct phoenix_message again;
	struct span            out;

	if (m->payload)
		text.payload = json_print(cx, m->payload);
	if (str_equal(m->event, "broadcast"))
		return; /* its payload is within another */
	assert(!phoenix_print(cx, version, &text, OUT_MAX, &out));
	assert(!phoenix_parse(cx, version, out, false, &again));
	assert(str_equal(again.topic, m->topic) && str_equal(again.event, m->event));
	assert(str_equal(again.ref, m->ref) && str_equal(again.join_ref, m->join_ref));
}

static void send_bytes_on(struct ctx *cx, const struct phoenix_message *m)
{
	struct span out = phoenix_print_bytes(cx, m->topic, m->name, m->bytes);

	assert(out.len == 5 + strlen(m->topic) + strlen(m->name) + m->bytes.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static bool            is_ready;
	struct ctx             cx = fuzz_begin();
	struct span            text;
	struct phoenix_message m;

	if (!is_ready) {
		crypto_start();
		json_start();
		is_ready = true;
	}
	if (len == 0)
		return fuzz_end(&cx);
	text = (struct span){arena_strndup(cx.arena, (const char *)bytes + 1, len - 1), len - 1};
	if (!phoenix_parse(&cx, bytes[0] & 1 ? PHOENIX_2 : PHOENIX_1, text, bytes[0] & 2, &m)) {
		assert(m.topic && m.event && strlen(m.topic) <= PHOENIX_TEXT_MAX);
		assert(!m.name || str_equal(m.event, "broadcast"));
		if (m.bytes.ptr)
			send_bytes_on(&cx, &m);
		else
			send_on(&cx, bytes[0] & 1 ? PHOENIX_2 : PHOENIX_1, &m);
	}
	return fuzz_end(&cx);
}
