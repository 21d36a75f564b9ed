/* fuzz_spoken_text.c -- any text is cleaned to valid text whose pieces hold the same words, and
 * is read out in parts a small voice can take. */
#include "../../common/domain/text/sentence.h"
#include "../../common/domain/voice/speakable.h"
#include "../../common/domain/voice/spoken_text.h"

#include "../../common/base/str.h"
#include "../../common/base/utf8.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Sentences come out whole and in order, whatever the text. */
static void split(struct span text)
{
	struct span rest = text, one;
	const char *last = text.ptr;

	while (sentence_next(&rest, &one, true)) {
		assert(one.len > 0 && one.len <= SENTENCE_BYTES_MAX && one.ptr >= last);
		last = one.ptr + one.len;
	}
}

static void read_out(struct arena *a, struct span text)
{
	struct span rest = span_of(speakable_text(a, text)), part;

	for (size_t i = 0; i < rest.len; i++)
		assert(rest.ptr[i] == '\n' || (rest.ptr[i] >= ' ' && rest.ptr[i] <= '~'));
	while (speakable_next(&rest, &part))
		assert(part.len > 0 && part.len <= SENTENCE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct arena *arena;
	struct span          text = {(const char *)data, size};
	struct spoken        spoken;
	size_t               words = 0;

	if (size > 4 * SPOKEN_TEXT_MAX || !utf8_is_valid(text) || (size && memchr(data, 0, size)))
		return 0;
	if (!arena)
		arena = arena_new(1 << 20);
	spoken_text_clean(arena, text, &spoken);
	assert(utf8_is_valid(span_of(spoken.text)));
	assert(spoken.pieces_n <= SPEECH_PIECES_MAX);
	assert(spoken.is_speakable == (spoken.text[0] != '\0'));
	for (size_t i = 0; i < spoken.pieces_n; i++) {
		assert(spoken.pieces[i].pause_ms <= SPEECH_PAUSE_MAX_MS);
		words += strlen(spoken.pieces[i].text);
	}
	assert(words <= strlen(spoken.text));
	assert(strlen(spoken_reply(arena, text, 2, 800)) <= 800);
	read_out(arena, text);
	split(text);
	split(span_of(spoken.text));
	arena_reset(arena);
	return 0;
}
