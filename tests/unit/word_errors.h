/* word_errors.h -- what word error rates count: the edit distance between two texts in words. */
#ifndef WORD_ERRORS_H
#define WORD_ERRORS_H

#include "../../common/base/arena.h"

#include <ctype.h>
#include <string.h>

#define WORDS_MAX 128

/* Words in lower case without apostrophes; what is written with a digit is its word: "1" is "one".
 * How many there are. */
static inline size_t split_words(struct arena *a, const char *text, const char *words[WORDS_MAX])
{
	static const char *const digits[] = {"zero", "one", "two",   "three", "four",
	                                     "five", "six", "seven", "eight", "nine"};
	size_t                   n = 0;

	while (*text && n < WORDS_MAX) {
		size_t len = 0;
		char   word[64];

		for (; isalnum((unsigned char)*text) || *text == '\''; text++)
			if (*text != '\'' && len + 1 < sizeof(word))
				word[len++] = (char)tolower((unsigned char)*text);
		if (len == 1 && isdigit((unsigned char)word[0]))
			words[n++] = digits[word[0] - '0'];
		else if (len)
			words[n++] = arena_strndup(a, word, len);
		text += *text != '\0';
	}
	return n;
}

static inline size_t errors_between(const char *const *a, size_t n, const char *const *b, size_t m)
{
	size_t row[WORDS_MAX + 1];

	for (size_t j = 0; j <= m; j++)
		row[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t change = diagonal + (strcmp(a[i - 1], b[j - 1]) != 0);
			size_t least = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;

			diagonal = row[j];
			row[j] = change < least ? change : least;
		}
	}
	return row[m];
}

#endif
