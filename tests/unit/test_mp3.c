/* test_mp3.c -- frames are joined and made so that size tells playing time. */
#include "../../common/domain/voice/mp3.h"
#include "unit.h"

/* A file of `frames` silent frames of the default kind with what surrounds them in real files. */
static struct span make_file(struct arena *a, unsigned ms, const char *before, size_t before_n,
                             const char *behind)
{
	struct buf      file = buf_new(a, 0);
	struct mp3_kind kind = mp3_default();

	buf_add(&file, before, before_n);
	mp3_append_silence(&file, &kind, ms);
	buf_str(&file, behind);
	return buf_span(&file);
}

static void makes_silence_of_constant_rate(void **state)
{
	struct ctx     *cx = *state;
	struct buf      out = buf_new(cx->arena, 0);
	struct mp3_kind kind = mp3_default(), seen;

	mp3_append_silence(&out, &kind, 3000);
	assert_in_range(mp3_ms(&kind), 2987, 3013);
	assert_in_range(out.len, mp3_ms(&kind) * 16 - 16, mp3_ms(&kind) * 16 + 16);
	assert_true(mp3_look(buf_span(&out), &seen));
	assert_int_equal(seen.rate, 44100);
	assert_int_equal(seen.kbps, 128);
	assert_int_equal(seen.channels, 1);
	mp3_append_silence(&out, &kind, 0);
}

static void makes_every_kind_it_reads(void **state)
{
	static const struct mp3_kind kinds[] = {
		{48000, 320, 2, 1152, 0}, {32000, 64, 1, 1152, 0}, {24000, 128, 1, 576, 0},
		{22050, 32, 2, 576, 0},   {16000, 128, 1, 576, 0}, {11025, 16, 1, 576, 0},
		{8000, 8, 1, 576, 0},
	};
	struct ctx *cx = *state;

	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct buf      made = buf_new(cx->arena, 0), read = buf_new(cx->arena, 0);
		struct mp3_kind kind = kinds[i], seen = {0};

		mp3_append_silence(&made, &kind, 500);
		assert_true(mp3_append(&read, buf_span(&made), &seen));
		assert_true(span_equal(buf_span(&made), buf_span(&read)));
		assert_int_equal(seen.rate, kind.rate);
		assert_int_equal(seen.kbps, kind.kbps);
		assert_int_equal(seen.channels, kind.channels);
		assert_int_equal(seen.samples_n, kind.samples_n);
	}
}

static void drops_tags(void **state)
{
	static const char id3[] = "ID3\4\0\0\0\0\0\4tags";
	struct ctx       *cx = *state;
	struct buf        out = buf_new(cx->arena, 0);
	struct mp3_kind   kind = {0};
	struct span       plain = make_file(cx->arena, 500, "", 0, "");
	char             *info = arena_strndup(cx->arena, plain.ptr, plain.len);

	assert_true(mp3_append(&out, make_file(cx->arena, 500, id3, sizeof(id3) - 1, "TAGme"), &kind));
	assert_true(span_equal(buf_span(&out), plain));
	memcpy(info + 4 + 17, "Info", 4);
	out = buf_new(cx->arena, 0);
	assert_true(mp3_append(&out, (struct span){info, plain.len}, &kind));
	assert_in_range(plain.len - out.len, 417, 418); /* one frame less */
}

static void joins_only_one_kind(void **state)
{
	struct ctx     *cx = *state;
	struct buf      out = buf_new(cx->arena, 0), stereo = buf_new(cx->arena, 0);
	struct mp3_kind kind = {0}, other = {44100, 128, 2, 1152, 0};

	assert_true(mp3_append(&out, make_file(cx->arena, 500, "", 0, ""), &kind));
	assert_true(mp3_append(&out, make_file(cx->arena, 500, "", 0, ""), &kind));
	assert_in_range(mp3_ms(&kind), 980, 1020);
	mp3_append_silence(&stereo, &other, 100);
	assert_false(mp3_append(&out, buf_span(&stereo), &kind));
}

static void refuses_what_is_not_mp3(void **state)
{
	static const char *const bad[] = {"",     "<html><body>Bad gateway</body></html>",
	                                  "ID3",  "ID3\4\1\1\x7f\x7f\x7f\x7f",
	                                  "RIFF", "\xff\xfb\x90\xc4"};
	struct ctx              *cx = *state;
	struct buf               out = buf_new(cx->arena, 0);

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct mp3_kind kind = {0};

		assert_false(mp3_append(&out, span_of(bad[i]), &kind));
		assert_false(mp3_look((struct span){bad[i], strlen(bad[i]) / 2}, &kind));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(makes_silence_of_constant_rate),
		UNIT_TEST(makes_every_kind_it_reads),
		UNIT_TEST(drops_tags),
		UNIT_TEST(joins_only_one_kind),
		UNIT_TEST(refuses_what_is_not_mp3),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
