/* fuzz_sentence.c -- any text has the same sentences, and the same first clause, however it
 * arrives: a byte that tells the size of the pieces, then the text. */
#include "../../common/base/utf8.h"
#include "../../common/domain/text/sentence.h"

#include <assert.h>
#include <string.h>

#define TEXT_MAX   1200u
#define CLAUSE_MIN 8u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As much of the text as came with another piece: not cut within a character. */
static size_t longer(struct span text, size_t end, size_t step)
{
	end = end + step < text.len ? end + step : text.len;
	while (end < text.len && ((unsigned char)text.ptr[end] & 0xc0) == 0x80)
		end++;
	return end;
}

static void check_next(struct span *whole, struct span got)
{
	struct span one = {NULL, 0};

	assert(sentence_next(whole, &one, true));
	assert(one.ptr == got.ptr && one.len == got.len && one.len > 0);
}

static void split(struct span text, size_t step)
{
	struct span whole = text, rest = {text.ptr, 0}, one;
	size_t      end = 0;

	while (end < text.len) {
		end = longer(text, end, step);
		rest.len = (size_t)(text.ptr + end - rest.ptr);
		while (sentence_next(&rest, &one, false))
			check_next(&whole, one);
	}
	while (sentence_next(&rest, &one, true))
		check_next(&whole, one);
	assert(!sentence_next(&whole, &one, true));
}

static void take_clause(struct span text, size_t max, size_t step)
{
	struct span whole = text, rest, one, got;
	bool        is_taken = false;

	if (!sentence_clause(&whole, max, &one, true))
		return;
	assert(one.len > 0 && one.len <= max);
	for (size_t end = 0; end < text.len && !is_taken;) {
		end = longer(text, end, step);
		rest = (struct span){text.ptr, end};
		is_taken = sentence_clause(&rest, max, &got, false);
	}
	assert(!is_taken || (got.ptr == one.ptr && got.len == one.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data + 1, size - 1};

	if (size < 2 || size > TEXT_MAX || !utf8_is_valid(text) || memchr(text.ptr, 0, text.len))
		return 0;
	split(text, 1 + data[0] % 40u);
	take_clause(text, CLAUSE_MIN + data[0], 1 + data[0] % 11u);
	return 0;
}
