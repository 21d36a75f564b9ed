/* traceparent from outside: what is taken up of it is well-formed, and goes out as it came. */
#include "fuzz.h"

#include "../../common/base/crypto.h"
#include "../../common/base/trace.h"

#include <assert.h>
#include <string.h>

#define HEX "0123456789abcdef"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static bool  is_ready;
	struct ctx   cx = fuzz_begin();
	const char  *text = arena_strndup(cx.arena, (const char *)bytes, len);
	struct trace t, again;
	char         header[sizeof("traceparent: ") + TRACE_PARENT_MAX];

	if (!is_ready)
		crypto_start();
	is_ready = true;
	trace_begin(&t, text);
	assert(strspn(t.id, HEX) == TRACE_ID_CHARS && strlen(t.id) == TRACE_ID_CHARS);
	assert(strspn(t.span, HEX) == TRACE_SPAN_CHARS && strlen(t.span) == TRACE_SPAN_CHARS);
	assert(!*t.parent || (strstr(text, t.parent) && strstr(text, t.id)));
	trace_header(&t, header);
	trace_begin(&again, header + strlen("traceparent: "));
	assert(strcmp(again.id, t.id) == 0 && strcmp(again.parent, t.span) == 0);
	assert(again.is_sampled == t.is_sampled);
	return fuzz_end(&cx);
}
