/* minilm_math.h -- the arithmetic of a small transformer on one core: pure, no allocation.
 *
 * Written once, compiled twice: for any processor, and for x86 with AVX2 and
 * FMA, which is chosen at run time; dense(), where nearly all the time goes, once
 * more for AVX-512. Matrices are row by row, without gaps unless a stride is
 * given; halves are IEEE half precision as it lies in a model file, at any
 * alignment. Vectors are read fastest where rows begin at multiples of 64 bytes.
 */
#ifndef MINILM_MATH_H
#define MINILM_MATH_H

#include "../base/base.h"

enum {
	MATH_LANES = 8,       /* inner lengths are multiples of it */
	MATH_PANEL_ROWS = 16, /* output widths of dense() and columns of product() too */
};

/* Half precision to single. */
void math_widen(const char *halves, size_t n, float *out);

/* A layer of a model: y = x * weights^T + bias. */
struct math_dense {
	const char  *weights; /* halves, `outputs` rows of `inputs` */
	const float *bias;
	size_t       inputs, outputs;
};

/* x has n rows of `inputs`, y n of `outputs`; `panel` is room for
 * MATH_PANEL_ROWS * inputs. */
void math_dense(const struct math_dense *d, const float *x, size_t n, float *y, float *panel);

/* A part of a larger matrix. */
struct math_part {
	float *at;
	size_t rows, stride;
};

/* c = a * b, with a: c.rows x b.rows, c: `columns` wide. */
void math_product(const struct math_part *a, const struct math_part *b, const struct math_part *c,
                  size_t columns);

/* Each of n values in place, n a multiple of MATH_LANES. */
void math_gelu(float *x, size_t n);    /* x times the normal distribution up to x */
void math_softmax(float *x, size_t n); /* shares that sum to 1 */

/* x = normalised(x + add) * scale + shift, one row of n; add may be NULL. */
struct math_norm {
	const float *scale, *shift;
	size_t       n;
};
void math_normalise(const struct math_norm *norm, float *x, const float *add);

enum math_speed { MATH_PLAIN, MATH_FAST, MATH_WIDE };

/* Leave faster versions aside. Not while another thread computes. */
void math_limit_for_test(enum math_speed speed);

#endif
