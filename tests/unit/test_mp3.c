/* test_mp3.c -- frames are cut out and made so that size tells playing time. */
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

/* Appended as a file of that kind, which is told where it was not given. */
static bool append(struct buf *out, struct span file, size_t step, struct mp3_kind *kind)
{
	struct mp3_reader reader = {.kind = *kind};
	bool              is_good = true;

	for (size_t at = 0; at < file.len; at += step) {
		size_t n = file.len - at < step ? file.len - at : step;

		is_good = mp3_read(&reader, (struct span){file.ptr + at, n}, out);
	}
	is_good = mp3_read_end(&reader, out) && is_good;
	*kind = reader.kind;
	return is_good;
}

static bool mp3_append(struct buf *out, struct span file, struct mp3_kind *kind)
{
	return append(out, file, SIZE_MAX / 2, kind);
}

static void makes_silence_of_constant_rate(void **state)
{
	struct ctx     *cx = *state;
	struct buf      out = buf_new(cx->arena, 0), again = buf_new(cx->arena, 0);
	struct mp3_kind kind = mp3_default(), seen = {0};

	mp3_append_silence(&out, &kind, 3000);
	assert_in_range(mp3_ms(&kind), 2987, 3013);
	assert_in_range(out.len, mp3_ms(&kind) * 16 - 16, mp3_ms(&kind) * 16 + 16);
	assert_true(mp3_append(&again, buf_span(&out), &seen));
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

/* What stands in the next frame is not of this one, however short both are. */
static void looks_for_tags_in_their_frame_only(void **state)
{
	struct ctx     *cx = *state;
	struct buf      file = buf_new(cx->arena, 0), out = buf_new(cx->arena, 0);
	struct mp3_kind kind = {24000, 8, 1, 576, 0}, seen = {0};

	mp3_append_silence(&file, &kind, 200);
	memcpy(file.ptr + 36, "VBRI", 4);
	assert_true(mp3_append(&out, buf_span(&file), &seen));
	assert_true(span_equal(buf_span(&out), buf_span(&file)));
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

static void tells_of_another_kind(void **state)
{
	struct ctx       *cx = *state;
	struct buf        out = buf_new(cx->arena, 0), stereo = buf_new(cx->arena, 0);
	struct mp3_kind   other = {22050, 64, 2, 576, 0};
	struct mp3_reader reader = {.kind = mp3_default()};

	mp3_append_silence(&stereo, &other, 100);
	assert_false(mp3_read(&reader, buf_span(&stereo), &out));
	assert_int_equal(reader.odd.rate, 22050);
	assert_int_equal(reader.odd.kbps, 64);
	assert_int_equal(reader.odd.channels, 2);
	assert_int_equal(out.len, 0);
	assert_false(mp3_read(&reader, make_file(cx->arena, 500, "", 0, ""), &out));
}

/* With all that may surround frames, at every size of pieces. */
static void reads_the_same_however_it_is_cut(void **state)
{
	static const char before[] = "ID3\4\0\0\0\0\4\1tag\xff\xfb\x90\xc4 of 513 bytes";
	char              head[10 + 513 + 5] = "";
	struct ctx       *cx = *state;
	struct buf        whole = buf_new(cx->arena, 0), pieces;
	struct mp3_kind   kind = {0}, again;
	struct span       file;

	memcpy(head, before, sizeof(before));
	memcpy(head + 10 + 513, "\xff\xfbjnk", 5);
	file = make_file(cx->arena, 200, head, sizeof(head), "TAGbehind");
	assert_true(mp3_append(&whole, file, &kind));
	assert_true(span_equal(buf_span(&whole), make_file(cx->arena, 200, "", 0, "")));
	for (size_t step = 1; step < 1000; step++) {
		pieces = buf_new(cx->arena, 0);
		again = (struct mp3_kind){0};
		assert_true(append(&pieces, file, step, &again));
		assert_true(span_equal(buf_span(&pieces), buf_span(&whole)));
		assert_int_equal(again.samples_n, kind.samples_n);
	}
}

/* Each is given with the byte that makes it whole. */
static void gives_frames_at_once(void **state)
{
	struct ctx       *cx = *state;
	struct buf        out = buf_new(cx->arena, 0);
	struct span       file = make_file(cx->arena, 100, "", 0, "");
	size_t            second = mp3_frames_bytes(file, 2);
	struct mp3_reader reader = {.kind = mp3_default()};

	assert_in_range(second, 834, 837);
	assert_true(mp3_read(&reader, (struct span){file.ptr, second - 1}, &out));
	assert_int_equal(out.len, mp3_frames_bytes(file, 1));
	assert_true(mp3_read(&reader, (struct span){file.ptr + second - 1, 1}, &out));
	assert_int_equal(out.len, second);
	assert_int_equal(reader.frames_n, 2);
	assert_int_equal(mp3_frames_bytes(file, 1000), file.len);
}

static void what_follows_frames_has_an_end(void **state)
{
	struct ctx       *cx = *state;
	struct buf        out = buf_new(cx->arena, 0);
	struct mp3_reader reader = {.kind = mp3_default()};
	size_t            n = 0;

	assert_true(mp3_read(&reader, make_file(cx->arena, 100, "", 0, ""), &out));
	while (n < 10000 && mp3_read(&reader, SPAN("<html>  "), &out))
		n += 8;
	assert_in_range(n, 4000, 4200);
	assert_false(mp3_read_end(&reader, &out));
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
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(makes_silence_of_constant_rate),
		UNIT_TEST(makes_every_kind_it_reads),
		UNIT_TEST(drops_tags),
		UNIT_TEST(looks_for_tags_in_their_frame_only),
		UNIT_TEST(joins_only_one_kind),
		UNIT_TEST(tells_of_another_kind),
		UNIT_TEST(reads_the_same_however_it_is_cut),
		UNIT_TEST(gives_frames_at_once),
		UNIT_TEST(what_follows_frames_has_an_end),
		UNIT_TEST(refuses_what_is_not_mp3),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
