/* spelling.c -- fillers, explained letters, small numbers. */
#include "spelling.h"

#include "words.h"

bool spelling_is_filler(struct span word)
{
	static const char *const fillers[] = {"uh", "um", "uhm", "er", "erm", "umm", "hmm"};

	for (size_t i = 0; i < COUNT(fillers); i++)
		if (words_equal(word, fillers[i]))
			return true;
	return false;
}

static bool is_letter(const struct utterance *u, size_t i)
{
	const char *low = u->words[i].low;

	return low[0] >= 'a' && low[0] <= 'z' && !low[1];
}

/* Words of "as in dog", "like dog", "for dog" behind the letter before i; 0: none. */
static size_t explanation_at(const struct utterance *u, size_t i)
{
	static const char *const ways[] = {"as in", "like", "for", "like in"};
	size_t                   n = i > 0 && is_letter(u, i - 1) ? TOKENS_ANY_AT(u, i, ways) : 0;

	return n && i + n < u->n && u->words[i + n].low[0] == u->words[i - 1].low[0] ? n + 1 : 0;
}

void spelling_tidy(struct utterance *u)
{
	size_t         kept = 0;
	enum token_gap gap = GAP_SPACE;

	for (size_t i = 0; i < u->n; i++) {
		size_t skipped = spelling_is_filler(u->words[i].text) ? 1 : explanation_at(u, i);

		gap = u->words[i].gap > gap ? u->words[i].gap : gap;
		if (skipped) {
			i += skipped - 1;
			continue;
		}
		u->words[kept] = u->words[i];
		u->words[kept++].gap = gap;
		gap = GAP_SPACE;
	}
	u->n = kept;
}

static int place_in(const struct utterance *u, size_t i, const char *const *names, int n)
{
	for (int k = 0; k < n; k++)
		if (tokens_is(u, i, names[k]))
			return k;
	return -1;
}

static void put_number(int n, char digits[SPELLING_DIGITS_MAX + 1])
{
	size_t len = 0;

	if (n >= 10)
		digits[len++] = (char)('0' + n / 10);
	digits[len++] = (char)('0' + n % 10);
	digits[len] = '\0';
}

size_t spelling_number(const struct utterance *u, size_t i, char digits[SPELLING_DIGITS_MAX + 1])
{
	static const char *const small[] = {"zero",    "one",     "two",       "three",    "four",
	                                    "five",    "six",     "seven",     "eight",    "nine",
	                                    "ten",     "eleven",  "twelve",    "thirteen", "fourteen",
	                                    "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
	static const char *const tens[] = {"twenty", "thirty",  "forty",  "fifty",
	                                   "sixty",  "seventy", "eighty", "ninety"};
	int                      low = place_in(u, i, small, (int)COUNT(small));
	int                      high = place_in(u, i, tens, (int)COUNT(tens)), ones;

	if (low >= 0) {
		put_number(low, digits);
		return 1;
	}
	if (high < 0)
		return 0;
	ones = place_in(u, i + 1, small, 10);
	put_number(10 * (high + 2) + (ones > 0 ? ones : 0), digits);
	return ones > 0 ? 2 : 1;
}
