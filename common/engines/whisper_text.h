/* whisper_text.h -- the words of a part of a recording that Whisper has encoded.
 *
 * One step from "start of transcript" tells how likely nobody spoke and which language it is; then
 * the likeliest token follows the likeliest. Where two are about as likely both are gone on with
 * for a few tokens, and the one that led to more likely ones is kept: what a beam of five finds at
 * the price of some steps where there is a doubt, while a clear recording costs nothing more. */
#ifndef WHISPER_TEXT_H
#define WHISPER_TEXT_H

#include "../base/ctx.h"
#include "../base/str.h"

struct whisper_context;
struct whisper_state;

/* Spoken where nobody says which, unless another language is clearly heard. */
#define WHISPER_LANGUAGE "en"

/* Half of the model's text window. */
#define WHISPER_TOKENS_MAX 200u

/* One part of a recording on its way through the model. */
struct whisper_part {
	struct ctx           *cx;
	struct whisper_state *state;    /* holds what was encoded */
	double                seconds;  /* how long it is: nobody says more than so much in it */
	int                   language; /* whisper's number of it; -1: to be heard, and told then */
	bool                  is_guess; /* nothing but one word speaks for the language: ask again */
	double                no_speech_prob;
	double                logprob_sum; /* of the tokens, without the end */
	unsigned              tokens;
	int32_t               written[WHISPER_TOKENS_MAX];
	struct buf            text;
};

/* With the loaded model, before and after all use. */
void whisper_text_start(struct whisper_context *model);
void whisper_text_stop(void);

/* What is said in the part, in Whisper's spelling with a space in front. ERR_DEADLINE or
 * ERR_CANCELLED between two tokens. */
struct err *whisper_text_write(struct whisper_part *part) CHECKED;

/* The two errors above, if it is time for one. */
struct err *whisper_check_time(struct ctx *cx) CHECKED;

#endif
