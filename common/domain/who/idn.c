/* idn.c -- labels of a domain as Punycode. */
#include "idn.h"

#include "../../base/str.h"
#include "../../base/unicode.h"

#include <ctype.h>

enum {
	DOMAIN_POINTS_MAX = 254,
	BASE = 36,
	T_MIN = 1,
	T_MAX = 26,
	SKEW = 38,
	DAMP = 700,
	GROWTH = 8
};

static char digit_of(uint32_t d)
{
	return (char)(d < 26 ? 'a' + d : '0' + d - 26);
}

static uint32_t adapted(uint32_t delta, uint32_t points, bool is_first)
{
	uint32_t k = 0;

	delta /= is_first ? DAMP : 2;
	delta += delta / points;
	for (; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE)
		delta /= BASE - T_MIN;
	return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

/* A number in digits whose value depends on where they stand. */
static void add_number(struct buf *out, uint32_t q, uint32_t bias)
{
	for (uint32_t k = BASE;; k += BASE) {
		uint32_t t = k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;

		if (q < t)
			break;
		buf_char(out, digit_of(t + (q - t) % (BASE - t)));
		q = (q - t) / (BASE - t);
	}
	buf_char(out, digit_of(q));
}

static uint32_t next_point(const uint32_t *label, size_t n, uint32_t from)
{
	uint32_t next = UINT32_MAX;

	for (size_t i = 0; i < n; i++)
		if (label[i] >= from && label[i] < next)
			next = label[i];
	return next;
}

/* Behind "xn--"; the names are those of RFC 3492, section 6.3. At most 254 points: no overflow. */
static void add_punycode(struct buf *out, const uint32_t *label, size_t n)
{
	uint32_t point = 0x80, delta = 0, bias = 72, basic = 0, handled;

	for (size_t i = 0; i < n; i++)
		if (label[i] < 0x80) {
			buf_char(out, (char)label[i]);
			basic++;
		}
	if (basic)
		buf_char(out, '-');
	for (handled = basic; handled < n; point++, delta++) {
		uint32_t next = next_point(label, n, point);

		delta += (next - point) * (handled + 1);
		point = next;
		for (size_t i = 0; i < n; i++) {
			delta += label[i] < point;
			if (label[i] != point)
				continue;
			add_number(out, delta, bias);
			bias = adapted(delta, handled + 1, handled == basic);
			delta = 0;
			handled++;
		}
	}
}

static bool add_label(struct buf *out, const uint32_t *label, size_t n)
{
	bool is_ascii = true;

	for (size_t i = 0; i < n; i++) {
		if (label[i] >= 0x80 && !unicode_is_word(label[i]))
			return false;
		is_ascii = is_ascii && label[i] < 0x80;
	}
	for (size_t i = 0; is_ascii && i < n; i++)
		buf_char(out, (char)label[i]);
	if (is_ascii)
		return true;
	buf_str(out, "xn--");
	add_punycode(out, label, n);
	return true;
}

const char *idn_to_ascii(struct ctx *cx, struct span domain)
{
	uint32_t   points[DOMAIN_POINTS_MAX];
	struct buf out = buf_new(cx->arena, GROWTH * domain.len + 1);
	size_t     n = unicode_compose(domain, true, points, COUNT(points)), from = 0;

	if (n == 0)
		return NULL;
	for (size_t i = 0; i <= n; i++) {
		if (i < n && points[i] != '.')
			continue;
		if (from)
			buf_char(&out, '.');
		if (!add_label(&out, points + from, i - from))
			return NULL;
		from = i + 1;
	}
	return buf_text(&out);
}
