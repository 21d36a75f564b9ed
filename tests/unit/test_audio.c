/* test_audio.c -- containers are told from bytes, and nothing else passes for one. */
#include "../../common/domain/voice/audio.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void tells_by_marks(void **state)
{
	static const struct {
		struct span       bytes;
		enum audio_format format;
	} cases[] = {
		{SPAN("RIFF\x24\0\0\0WAVEfmt "), AUDIO_WAV},
		{SPAN("RF64\xff\xff\xff\xffWAVEds64"), AUDIO_WAV},
		{SPAN("RIFF\x24\0\0\0AVI fmt "), AUDIO_UNKNOWN},
		{SPAN("RIFF\x24\0\0\0WAV"), AUDIO_UNKNOWN},
		{SPAN("\x1a\x45\xdf\xa3\x9f"), AUDIO_WEBM},
		{SPAN("OggS\0\2"), AUDIO_OGG},
		{SPAN("OggS\1\2"), AUDIO_UNKNOWN},
		{SPAN("fLaC\0\0\0\x22"), AUDIO_FLAC},
		{SPAN("\0\0\0\x1c"
	          "ftypM4A "),
	     AUDIO_M4A},
		{SPAN("\0\1\0\x1c"
	          "ftypM4A "),
	     AUDIO_UNKNOWN},
		{SPAN("\0\0\0\4"
	          "ftyp"),
	     AUDIO_UNKNOWN},
		{SPAN("#EXTM3U\nfile:///etc/passwd"), AUDIO_UNKNOWN},
		{SPAN("<html></html>"), AUDIO_UNKNOWN},
		{SPAN("\xff"), AUDIO_UNKNOWN},
		{SPAN(""), AUDIO_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(audio_sniff(cases[i].bytes), cases[i].format);
}

/* MPEG-1 layer III, 128 kbit/s, 44.1 kHz: 417 bytes; `second` begins the next frame. */
static void wants_a_second_mp3_frame(void **state)
{
	char        bytes[2048] = {0};
	struct span two = {bytes, 900};

	(void)state;
	memcpy(bytes, "\xff\xfb\x90\xc4", 4);
	assert_int_equal(audio_sniff(two), AUDIO_UNKNOWN);
	memcpy(bytes + 417, "\xff\xfb\x90\xc4", 4);
	assert_int_equal(audio_sniff(two), AUDIO_MP3);
	assert_int_equal(audio_sniff((struct span){bytes, 300}), AUDIO_MP3);
	assert_int_equal(audio_sniff((struct span){bytes, 3}), AUDIO_UNKNOWN);
}

static void refuses_insane_mp3_headers(void **state)
{
	static const char *const headers[] = {
		"\xff\xfb\xf0\xc4", /* bit rate 15 */
		"\xff\xfb\x01\xc4", /* free format */
		"\xff\xfb\x9c\xc4", /* rate 3 */
		"\xff\xeb\x90\xc4", /* version 1 */
		"\xff\xfd\x90\xc4", /* layer II */
		"\xff\xf1\x90\xc4", /* AAC in ADTS */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(headers); i++)
		assert_int_equal(audio_sniff((struct span){headers[i], 4}), AUDIO_UNKNOWN);
}

static void looks_behind_an_id3_tag(void **state)
{
	char        bytes[256] = "ID3\4\0\0\0\0\0\x10";
	struct span all = {bytes, sizeof(bytes)};

	(void)state;
	assert_int_equal(audio_sniff(all), AUDIO_UNKNOWN);
	memcpy(bytes + 10 + 16 + 20, "\xff\xfb\x90\xc4", 4); /* behind some padding */
	assert_int_equal(audio_sniff(all), AUDIO_MP3);
	bytes[6] = (char)0x80; /* not a size */
	assert_int_equal(audio_sniff(all), AUDIO_UNKNOWN);
	bytes[6] = 0x7f; /* far beyond the end */
	assert_int_equal(audio_sniff(all), AUDIO_UNKNOWN);
}

static void names_every_format(void **state)
{
	(void)state;
	assert_string_equal(audio_format_name(AUDIO_WEBM), "webm");
	assert_string_equal(audio_file_name(AUDIO_MP3), "audio.mp3");
	assert_string_equal(audio_mime_type(AUDIO_M4A), "audio/mp4");
	assert_string_equal(audio_format_name(AUDIO_UNKNOWN), "unknown");
	assert_int_equal(pcm_ms((struct pcm){NULL, 24000}), 1500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_by_marks),
		cmocka_unit_test(wants_a_second_mp3_frame),
		cmocka_unit_test(refuses_insane_mp3_headers),
		cmocka_unit_test(looks_behind_an_id3_tag),
		cmocka_unit_test(names_every_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
