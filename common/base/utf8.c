/* utf8.c -- UTF-8 decoding after RFC 3629, table of well-formed byte sequences. */
#include "utf8.h"

/* Bytes of the sequence at p, 0 when it is not well-formed. */
static size_t sequence_length(const unsigned char *p, size_t left)
{
	unsigned char lead = p[0], low = 0x80, high = 0xbf;
	size_t        n;

	if (lead < 0x80)
		return 1;
	if (lead < 0xc2 || lead > 0xf4)
		return 0;
	n = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	if (n > left)
		return 0;
	if (lead == 0xe0)
		low = 0xa0;
	else if (lead == 0xed)
		high = 0x9f;
	else if (lead == 0xf0)
		low = 0x90;
	else if (lead == 0xf4)
		high = 0x8f;
	if (p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* Eight bytes of ASCII: most of what comes is, recordings in base64 before all. */
static bool is_ascii_word(const unsigned char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return !(word & 0x8080808080808080u);
}

size_t utf8_valid_bytes(struct span text)
{
	const unsigned char *p = (const unsigned char *)text.ptr;
	size_t               i = 0, n = 1;

	while (i < text.len && n) {
		n = text.len - i >= 8 && is_ascii_word(p + i) ? 8 : sequence_length(p + i, text.len - i);
		i += n;
	}
	return i;
}

bool utf8_is_valid(struct span text)
{
	return utf8_valid_bytes(text) == text.len;
}

size_t utf8_length(struct span text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.len; i++)
		count += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
	return count;
}

uint32_t utf8_next(struct span *rest)
{
	static const unsigned char lead_mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	const unsigned char       *p = (const unsigned char *)rest->ptr;
	size_t                     n;
	uint32_t                   c;

	if (rest->len == 0)
		return 0;
	n = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (n > rest->len)
		n = rest->len;
	c = p[0] & lead_mask[n];
	for (size_t i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3fu);
	rest->ptr += n;
	rest->len -= n;
	return c;
}

size_t utf8_encode(uint32_t c, char out[4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

struct span utf8_prefix(struct span text, size_t max_bytes)
{
	if (text.len <= max_bytes)
		return text;
	while (max_bytes && ((unsigned char)text.ptr[max_bytes] & 0xc0) == 0x80)
		max_bytes--;
	return (struct span){text.ptr, max_bytes};
}
