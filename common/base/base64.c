/* base64.c -- table coder: a 10 MB recording decodes in a few milliseconds. */
#include "base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Value plus one, so that what is not named is not base64. */
static const unsigned char value_plus_one[256] = {
	['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
	['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
	['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
	['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
	['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
	['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
	['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
	['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};

/* 0..63, or 255 for what is not base64. */
static unsigned char value_of(unsigned char c)
{
	return (unsigned char)(value_plus_one[c] - 1);
}

void base64_encode(const void *bytes, size_t len, char *out)
{
	const unsigned char *in = bytes;
	size_t               i = 0;

	for (; i + 2 < len; i += 3) {
		uint32_t v = (uint32_t)in[i] << 16 | (uint32_t)in[i + 1] << 8 | in[i + 2];

		*out++ = alphabet[v >> 18];
		*out++ = alphabet[v >> 12 & 63];
		*out++ = alphabet[v >> 6 & 63];
		*out++ = alphabet[v & 63];
	}
	if (i < len) {
		uint32_t v = (uint32_t)in[i] << 16 | (i + 1 < len ? (uint32_t)in[i + 1] << 8 : 0);

		*out++ = alphabet[v >> 18];
		*out++ = alphabet[v >> 12 & 63];
		*out++ = i + 1 < len ? alphabet[v >> 6 & 63] : '=';
		*out = '=';
	}
}

size_t base64_plain(struct span text, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c != '\r' && c != '\n')
			out[n++] = c == '-' ? '+' : c == '_' ? '/' : c;
	}
	return n;
}

/* Padding may be complete or absent, nothing between. */
static bool without_padding(struct span *text)
{
	size_t pads = 0;

	while (pads < 2 && text->len && text->ptr[text->len - 1] == '=') {
		text->len--;
		pads++;
	}
	return text->len % 4 != 1 && (pads == 0 || (text->len + pads) % 4 == 0);
}

static bool decode_tail(const unsigned char *in, size_t n, unsigned char **out)
{
	unsigned char a, b, c;

	if (n == 0)
		return true;
	a = value_of(in[0]);
	b = value_of(in[1]);
	c = n == 3 ? value_of(in[2]) : 0;
	if ((a | b | c) > 63 || (n == 2 ? b & 15 : c & 3))
		return false;
	*(*out)++ = (unsigned char)(a << 2 | b >> 4);
	if (n == 3)
		*(*out)++ = (unsigned char)(b << 4 | c >> 2);
	return true;
}

bool base64_decode(struct span text, void *out, size_t *len_out)
{
	const unsigned char *in = (const unsigned char *)text.ptr;
	unsigned char       *to = out;
	size_t               i = 0;

	if (!without_padding(&text))
		return false;
	for (; i + 3 < text.len; i += 4) {
		unsigned char a = value_of(in[i]), b = value_of(in[i + 1]);
		unsigned char c = value_of(in[i + 2]), d = value_of(in[i + 3]);

		if ((a | b | c | d) > 63)
			return false;
		*to++ = (unsigned char)(a << 2 | b >> 4);
		*to++ = (unsigned char)(b << 4 | c >> 2);
		*to++ = (unsigned char)(c << 6 | d);
	}
	if (!decode_tail(in + i, text.len - i, &to))
		return false;
	*len_out = (size_t)(to - (unsigned char *)out);
	return true;
}
