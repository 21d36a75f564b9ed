/* test_wav.c -- the header is what RIFF wants, byte for byte. */
#include "../../common/domain/voice/audio.h"
#include "../../common/domain/voice/wav.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void writes_header_and_samples(void **state)
{
	static const int16_t samples[] = {0, 1, -2};
	static const char want[] = "RIFF\x2a\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x80\x3e\0\0\0\x7d\0\0\2\0"
							   "\x10\0data\6\0\0\0\0\0\1\0\xfe\xff";
	struct arena     *a = arena_new(1024);
	struct span       file = wav_file(a, samples, COUNT(samples), 16000);

	(void)state;
	assert_int_equal(file.len, sizeof(want) - 1);
	assert_memory_equal(file.ptr, want, file.len);
	assert_int_equal(audio_sniff(file), AUDIO_WAV);
	arena_free(&a);
}

static void writes_no_samples(void **state)
{
	struct arena *a = arena_new(1024);

	(void)state;
	assert_int_equal(wav_file(a, NULL, 0, 44100).len, WAV_HEADER_BYTES);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_header_and_samples),
		cmocka_unit_test(writes_no_samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
