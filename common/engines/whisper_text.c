/* whisper_text.c -- the likeliest words, looking ahead where two are about as likely. */
#include "whisper_text.h"

#include "../base/fatal.h"
#include "../base/unicode.h"
#include "../base/utf8.h"
#include "../domain/text/words.h"

#include <math.h>
#include <whisper.h>

/* Nobody says more than 8 tokens a second; what does is a loop. */
#define TOKENS_PER_SECOND 8u
#define TOKENS_SPARE      24u
/* Another language than ours is taken from the model alone only when it is this sure, and more than
 * one word is said in it: of "Yeah" and "Okay" it makes words of any language. */
#define LANGUAGE_SURE 0.5
#define WORDS_SURE    2u
/* Letters of a script without spaces that are a word. */
#define LETTERS_A_WORD 2u
/* Two tokens are in doubt when their logarithms differ by less; that is 1 in 4. How far ahead is
 * looked then, and how often in a part: each costs some twelve tokens more. */
#define DOUBT     1.2
#define AHEAD     6u
#define FORKS_MAX 8u
/* Logarithm of what all 50 000 tokens together can not bring to a thousandth. */
#define NEXT_TO_NOTHING (-18.0)

static struct whisper_context *model;
static float                  *never; /* per token: 0, or -INFINITY for what is no speech */

/* The likeliest token and the next one, with the logarithms of how likely they are. */
struct choice {
	whisper_token best, other;
	double        logprob, other_logprob;
};

/* Some tokens on from a place in the text. */
struct path {
	whisper_token tokens[AHEAD];
	double        logprobs[AHEAD];
	unsigned      n, sure; /* of these, until the next doubt */
};

/* Marks like "(", "[", "#", notes: what Whisper describes sounds with. Bytes
 * of other scripts are letters. */
static bool is_said(const char *token)
{
	return !strstr(token, "\xe2\x99") && !strpbrk(token, "[]()<>{}#*_~|@\\^=+/\"");
}

/* What may never be written: everything behind the words (times, tasks), and sound descriptions. */
static float *find_never_written(void)
{
	int    n = whisper_n_vocab(model);
	float *mask = calloc((size_t)n, sizeof(*mask));

	if (!mask)
		fatal("out of memory: no vocabulary");
	for (int i = 0; i < n; i++)
		if (i > whisper_token_eot(model) ||
		    (i < whisper_token_eot(model) && !is_said(whisper_token_to_str(model, i))))
			mask[i] = -INFINITY;
	return mask;
}

void whisper_text_start(struct whisper_context *loaded)
{
	model = loaded;
	never = find_never_written();
}

void whisper_text_stop(void)
{
	model = NULL;
	free(never);
	never = NULL;
}

struct err *whisper_check_time(struct ctx *cx)
{
	if (ctx_cancelled(cx))
		FAIL(cx, ERR_CANCELLED, "cancelled while hearing");
	if (deadline_left_ms(cx->deadline) == 0)
		FAIL(cx, ERR_DEADLINE, "deadline passed while hearing");
	return NULL;
}

/* The logits behind the last of some tokens, the first of which is the at-th of the text; what
 * stood there and behind is forgotten. One thread: the work is too small to share, and threads that
 * wait for each other burn a core. */
static struct err *steps(struct whisper_part *part, const whisper_token *tokens, unsigned n,
                         unsigned at, const float **logits_out)
{
	TRY(whisper_check_time(part->cx));
	if (whisper_decode_with_state(model, part->state, tokens, (int)n, (int)at, 1) != 0)
		FAIL(part->cx, ERR_INTERNAL, "whisper did not decode");
	*logits_out = whisper_get_logits_from_state(part->state) +
	              (size_t)(n - 1) * (size_t)whisper_n_vocab(model);
	return NULL;
}

static struct err *step(struct whisper_part *part, whisper_token token, unsigned at,
                        const float **logits_out)
{
	return steps(part, &token, 1, at, logits_out);
}

/* log of the sum of exp(logits + mask); mask NULL: all zero. */
static double log_sum(const float *logits, const float *mask, int n)
{
	double top = -INFINITY, sum = 0;

	for (int i = 0; i < n; i++)
		top = fmax(top, (double)(logits[i] + (mask ? mask[i] : 0)));
	for (int i = 0; i < n; i++) {
		double below = (double)(logits[i] + (mask ? mask[i] : 0)) - top;

		if (below > NEXT_TO_NOTHING)
			sum += exp(below);
	}
	return top + log(fmax(sum, 1)); /* the top alone is one */
}

/* ---- the language ---- */

/* The one the model hears, if it is sure, from the logits at the start of the transcript. */
static int heard_language(const float *logits)
{
	int    first = whisper_token_lang(model, 0), n = whisper_lang_max_id() + 1, best = 0;
	double sum = log_sum(logits + first, NULL, n);

	for (int i = 1; i < n; i++)
		if (logits[first + i] > logits[first + best])
			best = i;
	if (exp((double)logits[first + best] - sum) < LANGUAGE_SURE)
		return whisper_lang_id(WHISPER_LANGUAGE);
	return best;
}

/* Words, where there are no spaces between them by their length. */
static unsigned words_said(struct span text)
{
	unsigned    n = 0;
	struct span word;

	while (words_next(&text, &word)) {
		size_t   letters = utf8_length(word);
		uint32_t first = utf8_next(&word);

		if (unicode_script(first) != UNICODE_SPACED && letters > LETTERS_A_WORD)
			n += (unsigned)(letters / LETTERS_A_WORD);
		else
			n++;
	}
	return n;
}

/* ---- the words ---- */

/* The rest of the prompt: language, task, no times. Leaves the logits of the first word. */
static struct err *begin_text(struct whisper_part *part, const float **logits_out)
{
	const whisper_token prompt[] = {whisper_token_lang(model, part->language),
	                                whisper_token_transcribe(model), whisper_token_not(model)};

	part->text.len = part->tokens = 0;
	part->logprob_sum = 0;
	return steps(part, prompt, COUNT(prompt), 1, logits_out);
}

static struct choice choose(const float *logits)
{
	int           n = whisper_n_vocab(model), best = 0, other = -1;
	double        sum = log_sum(logits, never, n);
	struct choice choice;

	for (int i = 1; i < n; i++) {
		float here = logits[i] + never[i];

		if (here > logits[best] + never[best]) {
			other = best;
			best = i;
		} else if (other < 0 || here > logits[other] + never[other]) {
			other = i;
		}
	}
	choice = (struct choice){.best = best, .other = other};
	choice.logprob = (double)(logits[best] + never[best]) - sum;
	choice.other_logprob = (double)(logits[other] + never[other]) - sum;
	return choice;
}

static bool is_in_doubt(const struct choice *choice)
{
	return choice->logprob - choice->other_logprob < DOUBT;
}

/* On with `first`, and then with what is likeliest. */
static struct err *look_ahead(struct whisper_part *part, whisper_token first, double logprob,
                              unsigned at, struct path *out)
{
	const float *logits;

	*out = (struct path){.tokens = {first}, .logprobs = {logprob}, .n = 1};
	while (out->n < AHEAD && out->tokens[out->n - 1] != whisper_token_eot(model)) {
		struct choice choice;

		TRY(step(part, out->tokens[out->n - 1], at + out->n - 1, &logits));
		choice = choose(logits);
		if (!out->sure && is_in_doubt(&choice))
			out->sure = out->n;
		out->tokens[out->n] = choice.best;
		out->logprobs[out->n++] = choice.logprob;
	}
	if (!out->sure)
		out->sure = out->n;
	return NULL;
}

static bool ends_sentence(whisper_token token)
{
	const char *text = whisper_token_to_str(model, token);

	return token == whisper_token_eot(model) || strcmp(text, ".") == 0 || strcmp(text, "?") == 0 ||
	       strcmp(text, "!") == 0;
}

/* Before its first sentence ends; all of one that begins with an end. */
static unsigned words_of(const struct path *path)
{
	for (unsigned i = 1; i < path->n; i++)
		if (ends_sentence(path->tokens[i]))
			return ends_sentence(path->tokens[0]) ? path->n : i;
	return path->n;
}

/* Of the same number of tokens: a shorter path is not likelier for that, and neither is a longer
 * one, in which, as loops begin, what was said once is said again. Whether there is a stop behind a
 * word tells nothing of the word. */
static bool is_likelier(const struct path *path, const struct path *other)
{
	unsigned n = words_of(path), m = words_of(other);
	double   sum = 0;

	for (unsigned i = 0; i < n && i < m; i++)
		sum += path->logprobs[i] - other->logprobs[i];
	return sum > 0;
}

/* The path begins with a sentence that was said just before. */
static bool is_said_again(const struct whisper_part *part, const struct path *path)
{
	for (unsigned n = 2; n <= path->n && n <= part->tokens; n++)
		if (ends_sentence(path->tokens[n - 1]) &&
		    memcmp(path->tokens, part->written + part->tokens - n, n * sizeof(*path->tokens)) == 0)
			return true;
	return false;
}

/* Where the text may as well end, a sentence that was just said is not said again. */
static struct err *end_or_path(struct whisper_part *part, const struct choice *choice, unsigned at,
                               struct path *out)
{
	TRY(look_ahead(part, choice->best, choice->logprob, at, out));
	if (is_said_again(part, out))
		*out = (struct path){.tokens = {choice->other}, .n = 1, .sure = 1};
	return NULL;
}

/* At least one token more, as far as there is no doubt. */
static struct err *next_tokens(struct whisper_part *part, const float *logits, unsigned at,
                               unsigned *forks, struct path *out)
{
	struct choice choice = choose(logits);
	whisper_token end = whisper_token_eot(model);
	struct path   other;

	*out = (struct path){.tokens = {choice.best}, .logprobs = {choice.logprob}, .n = 1, .sure = 1};
	if (!*forks || choice.best == end || !is_in_doubt(&choice))
		return NULL;
	--*forks;
	if (choice.other == end)
		return end_or_path(part, &choice, at, out);
	TRY(look_ahead(part, choice.best, choice.logprob, at, out));
	TRY(look_ahead(part, choice.other, choice.other_logprob, at, &other));
	if (is_likelier(&other, out))
		*out = other;
	return NULL;
}

/* True at the end of the text. Unlike in openai/whisper, the end does not count: behind a single
 * word it is as unsure as the word is sure ("Hello." fell by it). */
static bool take_tokens(struct whisper_part *part, const struct path *path)
{
	for (unsigned i = 0; i < path->sure; i++) {
		if (path->tokens[i] == whisper_token_eot(model))
			return true;
		part->logprob_sum += path->logprobs[i];
		part->written[part->tokens++] = path->tokens[i];
		buf_str(&part->text, whisper_token_to_str(model, path->tokens[i]));
	}
	return false;
}

static struct err *write_in_language(struct whisper_part *part)
{
	unsigned     max = TOKENS_SPARE + (unsigned)(TOKENS_PER_SECOND * part->seconds);
	unsigned     room = WHISPER_TOKENS_MAX - AHEAD, forks = FORKS_MAX;
	const float *logits;

	if (max > room)
		max = room;
	TRY(begin_text(part, &logits));
	for (unsigned at = 4; part->tokens < max;) {
		struct path path;

		TRY(next_tokens(part, logits, at, &forks, &path));
		if (take_tokens(part, &path))
			return NULL;
		TRY(steps(part, path.tokens, path.sure, at, &logits));
		at += path.sure;
	}
	return NULL;
}

struct err *whisper_text_write(struct whisper_part *part)
{
	int          ours = whisper_lang_id(WHISPER_LANGUAGE);
	bool         is_told = part->language >= 0;
	const float *logits;

	TRY(step(part, whisper_token_sot(model), 0, &logits));
	part->no_speech_prob = exp((double)logits[whisper_token_nosp(model)] -
	                           log_sum(logits, NULL, whisper_n_vocab(model)));
	if (!is_told)
		part->language = heard_language(logits);
	TRY(write_in_language(part));
	if (is_told || words_said(buf_span(&part->text)) >= WORDS_SURE)
		return NULL;
	part->is_guess = true;
	if (part->language == ours)
		return NULL;
	part->language = ours;
	return write_in_language(part);
}
