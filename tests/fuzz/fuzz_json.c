/* JSON from outside: whatever is taken can be walked, printed and read again as the same, each
 * number letter by letter as it came; and the parser takes what the check lets pass. */
#include "fuzz.h"

#include "../../common/base/json_in.h"
#include "../../common/base/utf8.h"

#include <assert.h>
#include <math.h>

static void walk(const struct cJSON *node)
{
	const char *text = json_text_at(node, "");

	if (json_type(node) == JSON_NUMBER)
		assert(isfinite(json_num_at(node, "", NAN)));
	if (text)
		assert(utf8_is_valid((struct span){text, strlen(text)}));
	for (const struct cJSON *c = json_first(node); c; c = json_next(c))
		walk(c);
}

static bool is_white(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Characters that are neither in a string nor white space: printing may change no other. */
static uint64_t sum_outside_strings(struct span text)
{
	bool     in_string = false;
	uint64_t sum = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (in_string && text.ptr[i] == '\\')
			i++;
		else if (text.ptr[i] == '"')
			in_string = !in_string;
		else if (!in_string && !is_white(text.ptr[i]))
			sum = sum * 1099511628211u + (unsigned char)text.ptr[i];
	}
	return sum;
}

static void print_and_read_again(struct ctx *cx, struct span text, const struct cJSON *root)
{
	struct span         printed = json_print(cx, root);
	const struct cJSON *again;

	assert(sum_outside_strings(text) == sum_outside_strings(printed));
	assert(json_stored_bytes(cx, printed) >= printed.len);
	assert(!json_parse(cx, printed, &again));
	assert(strcmp(json_print(cx, again).ptr, printed.ptr) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct ctx          cx = fuzz_begin();
	struct span         text = {(const char *)bytes, len};
	const struct cJSON *root;
	struct err         *e;

	json_start();
	e = json_parse(&cx, text, &root);
	assert(!e || e->kind == ERR_INPUT);
	if (!e) {
		walk(root);
		json_at(root, "a.b[3].c");
		print_and_read_again(&cx, text, root);
	}
	return fuzz_end(&cx);
}
