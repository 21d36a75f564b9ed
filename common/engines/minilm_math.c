/* minilm_math.c -- vectors of eight floats in GNU C, which any processor can do somehow.
 *
 * The weights stay half precision in the file's mapping, shared by all programs.
 * dense() widens sixteen rows at a time into a panel that fits in the first or
 * second level cache and runs all tokens over it, so the conversion is paid
 * once per row and call, and a token's row once per sixteen outputs. The inner
 * tile is 4 outputs by 3 tokens: twelve sums, three tokens and one row are the
 * sixteen vector registers. Where there are thirty-two of twice the width, the
 * tile is 4 by 6 of these. With BODY inlined into two functions the compiler
 * makes both versions from the same lines. */
#include "minilm_math.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

typedef float    lanes __attribute__((vector_size(32), aligned(4), may_alias));
typedef float    wide_lanes __attribute__((vector_size(64), aligned(4), may_alias));
typedef int32_t  int_lanes __attribute__((vector_size(32), aligned(4), may_alias));
typedef uint32_t word_lanes __attribute__((vector_size(32), aligned(4), may_alias));
typedef uint16_t half_lanes __attribute__((vector_size(16), aligned(1), may_alias));

#define WIDE_LANES 16
#define AT(p)      (*(lanes *)(p))
#define READ(p)    (*(const lanes *)(p))
#define ALL(value) ((lanes){0} + (value))

static enum math_speed at_most = MATH_WIDE;

void math_limit_for_test(enum math_speed speed)
{
	at_most = speed;
}

#define BODY static inline __attribute__((always_inline)) void
#if defined(__x86_64__)
#define FAST __attribute__((target("avx2,fma,f16c")))

#define WIDE __attribute__((target("avx512f,avx2,fma,f16c")))

/* Asked once: it makes a virtual machine stop. Compilers do not all know F16C by name. */
static enum math_speed processor_speed;
static pthread_once_t  asked_processor = PTHREAD_ONCE_INIT;

static void ask_processor(void)
{
	unsigned a, b, c = 0, d;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_F16C) || !__builtin_cpu_supports("avx2") ||
	    !__builtin_cpu_supports("fma"))
		return;
	processor_speed = __builtin_cpu_supports("avx512f") ? MATH_WIDE : MATH_FAST;
}

static enum math_speed speed_of_processor(void)
{
	pthread_once(&asked_processor, ask_processor);
	return processor_speed;
}
#else
#define FAST
#define WIDE
static enum math_speed speed_of_processor(void)
{
	return MATH_PLAIN;
}
#endif

static bool has(enum math_speed speed)
{
	return at_most >= speed && speed_of_processor() >= speed;
}

#define CHOICE(name, params, args) \
	void math_##name params \
	{ \
		if (has(MATH_FAST)) \
			fast_##name args; \
		else \
			plain_##name args; \
	}
/* Defines math_NAME: body_NAME for any processor and for a fast one. */
#define BOTH(name, params, args) \
	static FAST void fast_##name params \
	{ \
		body_##name args; \
	} \
	static void plain_##name params \
	{ \
		body_##name args; \
	} \
	CHOICE(name, params, args)

/* The 15 bits below the sign, moved to where a float has them, are the number
 * times 2^-112, also for what is too small for a normal half. */
static void plain_widen(const char *halves, size_t n, float *out)
{
	for (size_t i = 0; i < n; i += MATH_LANES) {
		half_lanes h = *(const half_lanes *)(const void *)(halves + i * 2);
		word_lanes bits = __builtin_convertvector(h, word_lanes);
		/* NOLINTNEXTLINE(analyzer-shift-count-overflow): the type is of whole lanes */
		lanes size = (lanes)((bits & 0x7fff) << 13) * ALL(0x1p112f);

		/* NOLINTNEXTLINE(analyzer-shift-count-overflow): the type is of whole lanes */
		AT(out + i) = (lanes)((word_lanes)size | (bits & 0x8000) << 16);
	}
}

#if defined(__x86_64__)
/* One instruction there; compilers do not find it in the lines above. */
static FAST void fast_widen(const char *halves, size_t n, float *out)
{
	for (size_t i = 0; i < n; i += MATH_LANES)
		_mm256_storeu_ps(out + i, _mm256_cvtph_ps(_mm_loadu_si128((const void *)(halves + i * 2))));
}

static WIDE void wide_widen(const char *halves, size_t n, float *out)
{
	for (size_t i = 0; i < n; i += WIDE_LANES)
		_mm512_storeu_ps(out + i,
		                 _mm512_cvtph_ps(_mm256_loadu_si256((const void *)(halves + i * 2))));
}
#else
#define fast_widen plain_widen
#define wide_widen plain_widen
#endif
CHOICE(widen, (const char *halves, size_t n, float *out), (halves, n, out))

/* ---- dense ---- */

/* The sums within four vectors. */
BODY add_up(const lanes *a, const lanes *b, const lanes *c, const lanes *d, float out[4])
{
	lanes ab = __builtin_shufflevector(*a, *b, 0, 8, 1, 9, 4, 12, 5, 13) +
	           __builtin_shufflevector(*a, *b, 2, 10, 3, 11, 6, 14, 7, 15);
	lanes cd = __builtin_shufflevector(*c, *d, 0, 8, 1, 9, 4, 12, 5, 13) +
	           __builtin_shufflevector(*c, *d, 2, 10, 3, 11, 6, 14, 7, 15);
	lanes all = __builtin_shufflevector(ab, cd, 0, 1, 8, 9, 4, 5, 12, 13) +
	            __builtin_shufflevector(ab, cd, 2, 3, 10, 11, 6, 7, 14, 15);

	for (int i = 0; i < 4; i++)
		out[i] = all[i] + all[i + 4];
}

/* Four rows of weights with three tokens; sums[t] are the token's four outputs. */
BODY tile(const float *w, const float *const x[3], size_t k, float sums[3][4])
{
	lanes a0 = {0}, a1 = {0}, a2 = {0}, b0 = {0}, b1 = {0}, b2 = {0};
	lanes c0 = {0}, c1 = {0}, c2 = {0}, d0 = {0}, d1 = {0}, d2 = {0};

	for (size_t i = 0; i < k; i += MATH_LANES) {
		lanes x0 = READ(x[0] + i), x1 = READ(x[1] + i), x2 = READ(x[2] + i), row;

		row = READ(w + i);
		a0 += row * x0;
		a1 += row * x1;
		a2 += row * x2;
		row = READ(w + k + i);
		b0 += row * x0;
		b1 += row * x1;
		b2 += row * x2;
		row = READ(w + 2 * k + i);
		c0 += row * x0;
		c1 += row * x1;
		c2 += row * x2;
		row = READ(w + 3 * k + i);
		d0 += row * x0;
		d1 += row * x1;
		d2 += row * x2;
	}
	add_up(&a0, &b0, &c0, &d0, sums[0]);
	add_up(&a1, &b1, &c1, &d1, sums[1]);
	add_up(&a2, &b2, &c2, &d2, sums[2]);
}

/* Up to three tokens (the last ones again where there are fewer) with one panel. */
BODY tokens_with_panel(const struct math_dense *d, size_t first, const float *const x[3],
                       size_t tokens, const float *panel, float *y)
{
	float sums[3][4];

	for (size_t row = 0; row < MATH_PANEL_ROWS; row += 4) {
		tile(panel + row * d->inputs, x, d->inputs, sums);
		for (size_t t = 0; t < tokens; t++)
			for (size_t i = 0; i < 4; i++)
				y[t * d->outputs + first + row + i] = sums[t][i] + d->bias[first + row + i];
	}
}

/* A panel of rows, widened, with all tokens. */
BODY panel_with_tokens(const struct math_dense *d, size_t first, const float *x, size_t n, float *y,
                       const float *panel)
{
	for (size_t i = 0; i < n; i += 3) {
		size_t       tokens = n - i < 3 ? n - i : 3;
		const float *x0 = x + i * d->inputs;
		const float *three[3] = {x0, x0 + (tokens > 1) * d->inputs, x0 + (tokens - 1) * d->inputs};

		tokens_with_panel(d, first, three, tokens, panel, y + i * d->outputs);
	}
}

#define DENSE(speed) \
	for (size_t first = 0; first < d->outputs; first += MATH_PANEL_ROWS) { \
		speed##_widen(d->weights + first * d->inputs * 2, MATH_PANEL_ROWS * d->inputs, panel); \
		panel_with_tokens(d, first, x, n, y, panel); \
	}
static FAST void fast_dense(const struct math_dense *d, const float *x, size_t n, float *y,
                            float *panel)
{
	DENSE(fast)
}
static void plain_dense(const struct math_dense *d, const float *x, size_t n, float *y,
                        float *panel)
{
	DENSE(plain)
}

/* ---- dense, sixteen floats at a time ---- */

#define WIDE_TOKENS  6
#define WIDE_READ(p) (*(const wide_lanes *)(p))

/* One row of weights with six tokens. */
#define WIDE_ROW(r, at) \
	row = WIDE_READ(at); \
	r##0 += row * x0; \
	r##1 += row * x1; \
	r##2 += row * x2; \
	r##3 += row * x3; \
	r##4 += row * x4; \
	r##5 += row * x5
/* No function: sanitizers lay variables whose address is taken where these must not begin. */
#define FOLD(v) \
	(__builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7) + \
	 __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15))
#define WIDE_SUMS(t) \
	halves[0] = FOLD(a##t); \
	halves[1] = FOLD(b##t); \
	halves[2] = FOLD(c##t); \
	halves[3] = FOLD(d##t); \
	add_up(&halves[0], &halves[1], &halves[2], &halves[3], sums[t])

/* Four rows of weights with six tokens; sums[t] are the token's four outputs. */
BODY wide_tile(const float *w, const float *x, size_t k, float sums[WIDE_TOKENS][4])
{
	wide_lanes a0 = {0}, a1 = {0}, a2 = {0}, a3 = {0}, a4 = {0}, a5 = {0};
	wide_lanes b0 = {0}, b1 = {0}, b2 = {0}, b3 = {0}, b4 = {0}, b5 = {0};
	wide_lanes c0 = {0}, c1 = {0}, c2 = {0}, c3 = {0}, c4 = {0}, c5 = {0};
	wide_lanes d0 = {0}, d1 = {0}, d2 = {0}, d3 = {0}, d4 = {0}, d5 = {0};
	lanes      halves[4];

	for (size_t i = 0; i < k; i += WIDE_LANES) {
		wide_lanes x0 = WIDE_READ(x + i), x1 = WIDE_READ(x + k + i), row;
		wide_lanes x2 = WIDE_READ(x + 2 * k + i), x3 = WIDE_READ(x + 3 * k + i);
		wide_lanes x4 = WIDE_READ(x + 4 * k + i), x5 = WIDE_READ(x + 5 * k + i);

		WIDE_ROW(a, w + i);
		WIDE_ROW(b, w + k + i);
		WIDE_ROW(c, w + 2 * k + i);
		WIDE_ROW(d, w + 3 * k + i);
	}
	WIDE_SUMS(0);
	WIDE_SUMS(1);
	WIDE_SUMS(2);
	WIDE_SUMS(3);
	WIDE_SUMS(4);
	WIDE_SUMS(5);
}

/* A panel with six tokens. */
static WIDE void wide_six(const struct math_dense *d, size_t first, const float *x, float *y,
                          const float *panel)
{
	float sums[WIDE_TOKENS][4];

	for (size_t row = 0; row < MATH_PANEL_ROWS; row += 4) {
		wide_tile(panel + row * d->inputs, x, d->inputs, sums);
		for (size_t t = 0; t < WIDE_TOKENS; t++)
			for (size_t i = 0; i < 4; i++)
				y[t * d->outputs + first + row + i] = sums[t][i] + d->bias[first + row + i];
	}
}

/* Whole sixes first. Four or five tokens that are left are quicker with some that were done
 * already, which come out the same once more; up to three are quicker by the narrower tile. */
static FAST void wide_panel(const struct math_dense *d, size_t first, const float *x, size_t n,
                            float *y, const float *panel)
{
	size_t done = 0, left;

	for (; done + WIDE_TOKENS <= n; done += WIDE_TOKENS)
		wide_six(d, first, x + done * d->inputs, y + done * d->outputs, panel);
	left = n - done;
	if (left > 3 && n > WIDE_TOKENS)
		wide_six(d, first, x + (n - WIDE_TOKENS) * d->inputs, y + (n - WIDE_TOKENS) * d->outputs,
		         panel);
	else
		panel_with_tokens(d, first, x + done * d->inputs, left, y + done * d->outputs, panel);
}

static FAST void wide_dense(const struct math_dense *d, const float *x, size_t n, float *y,
                            float *panel)
{
	for (size_t first = 0; first < d->outputs; first += MATH_PANEL_ROWS) {
		wide_widen(d->weights + first * d->inputs * 2, MATH_PANEL_ROWS * d->inputs, panel);
		wide_panel(d, first, x, n, y, panel);
	}
}

void math_dense(const struct math_dense *d, const float *x, size_t n, float *y, float *panel)
{
	if (has(MATH_WIDE) && d->inputs % WIDE_LANES == 0)
		wide_dense(d, x, n, y, panel);
	else if (has(MATH_FAST))
		fast_dense(d, x, n, y, panel);
	else
		plain_dense(d, x, n, y, panel);
}

/* ---- product ---- */

/* Sixteen columns of four rows of c; a row past the end is the last one again. */
BODY block(const float *const a[4], const struct math_part *b, size_t column, float *const c[4])
{
	lanes s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0}, t0 = {0}, t1 = {0}, t2 = {0}, t3 = {0};

	for (size_t k = 0; k < b->rows; k++) {
		const float *row = b->at + k * b->stride + column;
		lanes        left = READ(row), right = READ(row + MATH_LANES);

		s0 += a[0][k] * left;
		t0 += a[0][k] * right;
		s1 += a[1][k] * left;
		t1 += a[1][k] * right;
		s2 += a[2][k] * left;
		t2 += a[2][k] * right;
		s3 += a[3][k] * left;
		t3 += a[3][k] * right;
	}
	AT(c[0] + column) = s0;
	AT(c[0] + column + MATH_LANES) = t0;
	AT(c[1] + column) = s1;
	AT(c[1] + column + MATH_LANES) = t1;
	AT(c[2] + column) = s2;
	AT(c[2] + column + MATH_LANES) = t2;
	AT(c[3] + column) = s3;
	AT(c[3] + column + MATH_LANES) = t3;
}

BODY body_product(const struct math_part *a, const struct math_part *b, const struct math_part *c,
                  size_t columns)
{
	const float *from[4];
	float       *to[4];

	for (size_t i = 0; i < c->rows; i += 4) {
		for (size_t r = 0; r < 4; r++) {
			size_t row = i + r < c->rows ? i + r : c->rows - 1;

			from[r] = a->at + row * a->stride;
			to[r] = c->at + row * c->stride;
		}
		for (size_t column = 0; column < columns; column += MATH_PANEL_ROWS)
			block(from, b, column, to);
	}
}
BOTH(product,
     (const struct math_part *a, const struct math_part *b, const struct math_part *c,
      size_t columns),
     (a, b, c, columns))

/* ---- curves ---- */

/* e^x for x <= 0: 2^n by its bits times a polynomial on what is left (Cephes; 2 ulp). */
BODY exp_lanes(lanes *x)
{
	const lanes round = ALL(0x1.8p23f); /* adding it leaves whole numbers */
	lanes       v = *x, n, p;

	v = (lanes)((v > ALL(-87)) & (int_lanes)v) + (lanes)((v <= ALL(-87)) & (int_lanes)ALL(-87));
	n = (v * 1.44269504f + round) - round;
	v = v - n * 0.693359375f + n * 2.12194440e-4f;
	p = v * 1.9875691500e-4f + 1.3981999507e-3f;
	p = p * v + 8.3334519073e-3f;
	p = p * v + 4.1665795894e-2f;
	p = p * v + 1.6666665459e-1f;
	p = p * v + 5.0000001201e-1f;
	p = p * v * v + v + 1;
	/* NOLINTNEXTLINE(analyzer-shift-count-overflow): the type is of whole lanes */
	*x = p * (lanes)((__builtin_convertvector(n, int_lanes) + 127) << 23);
}

/* The error function by Abramowitz and Stegun 7.1.26; off by at most 1.5e-7. */
BODY body_gelu(float *x, size_t n)
{
	for (size_t i = 0; i < n; i += MATH_LANES) {
		lanes     v = READ(x + i), z, t, p, e;
		int_lanes sign = (int_lanes)v & (int32_t)0x80000000;

		z = (lanes)((int_lanes)v & 0x7fffffff) * 0.70710678f;
		t = 1 / (1 + z * 0.3275911f);
		p = t * 1.061405429f - 1.453152027f;
		p = p * t + 1.421413741f;
		p = p * t - 0.284496736f;
		p = (p * t + 0.254829592f) * t;
		e = -z * z;
		exp_lanes(&e);
		e = 1 - p * e;
		AT(x + i) = v * 0.5f * (1 + (lanes)((int_lanes)e | sign));
	}
}
BOTH(gelu, (float *x, size_t n), (x, n))

BODY body_softmax(float *x, size_t n)
{
	float max = x[0], sum = 0;
	lanes sums = {0};

	for (size_t i = 1; i < n; i++)
		max = x[i] > max ? x[i] : max;
	for (size_t i = 0; i < n; i += MATH_LANES) {
		lanes v = READ(x + i) - max;

		exp_lanes(&v);
		sums += v;
		AT(x + i) = v;
	}
	for (size_t i = 0; i < MATH_LANES; i++)
		sum += sums[i];
	for (size_t i = 0; i < n; i += MATH_LANES)
		AT(x + i) = READ(x + i) / sum;
}
BOTH(softmax, (float *x, size_t n), (x, n))

#define NORM_EPSILON 1e-12f

BODY body_normalise(const struct math_norm *norm, float *x, const float *add)
{
	lanes sums = {0}, squares = {0};
	float mean = 0, variance = 0, factor;

	for (size_t i = 0; i < norm->n; i += MATH_LANES) {
		if (add)
			AT(x + i) += READ(add + i);
		sums += READ(x + i);
	}
	for (size_t i = 0; i < MATH_LANES; i++)
		mean += sums[i];
	mean /= (float)norm->n;
	for (size_t i = 0; i < norm->n; i += MATH_LANES) {
		lanes off = READ(x + i) - mean;

		squares += off * off;
	}
	for (size_t i = 0; i < MATH_LANES; i++)
		variance += squares[i];
	factor = 1 / sqrtf(variance / (float)norm->n + NORM_EPSILON);
	for (size_t i = 0; i < norm->n; i += MATH_LANES)
		AT(x + i) = (READ(x + i) - mean) * factor * READ(norm->scale + i) + READ(norm->shift + i);
}
BOTH(normalise, (const struct math_norm *norm, float *x, const float *add), (norm, x, add))
