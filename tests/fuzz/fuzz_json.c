/* JSON from outside: whatever is taken can be walked, printed and read again. */
#include "fuzz.h"

#include "../../common/base/json_in.h"
#include "../../common/base/utf8.h"

#include <assert.h>

static void walk(const struct cJSON *node)
{
	const char *text = json_text_at(node, "");

	if (text)
		assert(utf8_is_valid((struct span){text, strlen(text)}));
	for (const struct cJSON *c = json_first(node); c; c = json_next(c))
		walk(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct ctx          cx = fuzz_begin();
	const struct cJSON *root, *again;

	json_start();
	if (!json_parse(&cx, (struct span){(const char *)bytes, len}, &root)) {
		walk(root);
		json_at(root, "a.b[3].c");
		assert(!json_parse(&cx, json_print(&cx, root), &again));
	}
	return fuzz_end(&cx);
}
