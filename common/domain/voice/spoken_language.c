/* spoken_language.c -- a table of what Whisper knows, and the other names of some. */
#include "spoken_language.h"

#include "../../base/str.h"

#include <ctype.h>

#define CODE_MIN 2 /* letters, of ISO 639 */
#define CODE_MAX 3

static const struct language {
	const char *code, *name;
} languages[] = {
#define X(code, name) {#code, name},
#include "common/domain/voice/spoken_languages.tsv.h"
#undef X
};

/* What stands before the region: "pt" of "pt-BR". */
static struct span without_region(struct span text)
{
	size_t n = 0;

	while (n < text.len && text.ptr[n] != '-' && text.ptr[n] != '_')
		n++;
	return (struct span){text.ptr, n};
}

const char *spoken_language_code(const char *written)
{
	struct span name = span_trim(span_of(written ? written : ""));
	struct span code = without_region(name);

	for (size_t i = 0; i < COUNT(languages); i++)
		if (span_equal_nocase(code, span_of(languages[i].code)) ||
		    span_equal_nocase(code, span_of(languages[i].name)) ||
		    span_equal_nocase(name, span_of(languages[i].name)))
			return languages[i].code;
	return NULL;
}

static bool has_form_of_code(struct span name)
{
	struct span code = without_region(name);

	for (size_t i = 0; i < code.len; i++)
		if (!isalpha((unsigned char)code.ptr[i]))
			return false;
	return code.len >= CODE_MIN && code.len <= CODE_MAX;
}

bool spoken_language_may_be(const char *written)
{
	struct span name = span_trim(span_of(written ? written : ""));

	return !name.len || span_equal_nocase(name, SPAN("auto")) || has_form_of_code(name) ||
	       spoken_language_code(written);
}
