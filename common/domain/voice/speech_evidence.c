/* speech_evidence.c -- level, pitch, the recogniser's doubts.
 *
 * The sound is looked at in frames of 32 ms at a quarter of the rate, behind a
 * high-pass that takes away hum and direct current. A frame is active when it is
 * above both an absolute floor and the recording's own background, and voiced
 * when it repeats itself at a pitch a person can have. That is cheap (20 ms
 * for two minutes) and only has to be right about what is clearly no speech:
 * everything else is heard, and judged by what the recogniser says of itself. */
#include "speech_evidence.h"

#include "../../base/str.h"
#include "../text/words.h"
#include "heard_text.h"

#include <math.h>

/* ---- the sound ---- */

#define STEP         4u /* samples averaged into one: 4 kHz holds any pitch */
#define LOW_RATE     (PCM_RATE / STEP)
#define FRAME        (LOW_RATE * 32 / 1000)
#define FRAME_MS     16u /* frames overlap by half */
#define HOP          (LOW_RATE * FRAME_MS / 1000)
#define HIGH_PASS_HZ 120.0
#define PITCH_HIGH   400u /* Hz; a child's voice */
#define PITCH_LOW    70u  /* Hz; a deep man's */
#define LAG_MIN      (LOW_RATE / PITCH_HIGH)
#define LAG_MAX      (LOW_RATE / PITCH_LOW)
/* Autocorrelation at the pitch above which a frame counts as voiced: vowels
 * reach 0.8, white noise 0.3 (measured on the clips of tests/data/audio). */
#define VOICED_MIN 0.6
/* -60 dB of full scale: below the noise of any microphone with a person before it. */
#define FLOOR_RMS 0.001
/* Active is 6 dB above the background, which is the tenth part's level. */
#define ABOVE_BACKGROUND 2.0
#define BACKGROUND_PART  10u
/* Kept around what is active: soft beginnings and ends of words. */
#define MARGIN_MS 300u
/* The shortest "yes" has some 100 ms of vowel; clicks and taps have none. */
#define SPEECH_VOICED_MS 48u

/* ---- the recogniser ---- */

/* Whisper's own thresholds (openai/whisper, transcribe.py). */
#define NO_SPEECH_MAX   0.6
#define LOGPROB_MIN     (-1.0)
#define COMPRESSION_MAX 2.4
/* Stricter than Whisper where it doubts: tiny is less sure of noise than the larger models. */
#define DOUBTED_LOGPROB_MIN (-0.5)
/* A single word may be written in two ways ("Hello", "hello"), which halves its
 * probability: where the recogniser is sure that somebody spoke, less is asked of the
 * words. Measured: "Hello." 0.17 and -1.35; noise it took for speech 0.09 and -2.98. */
#define SPEECH_SURE      0.25
#define SURE_LOGPROB_MIN (-1.6)
/* Noise that Whisper tiny is sure to be no speech is dropped however sure it is of the words. */
#define NO_SPEECH_SURE 0.9
/* In between, more is asked of the words the more it doubts. */
#define LOGPROB_SLOPE ((LOGPROB_MIN - SURE_LOGPROB_MIN) / (NO_SPEECH_MAX - SPEECH_SURE))
/* "Right." and "Yeah." alone, which tiny is never sure of: spoken at most 0.63 and at least -1.41;
 * music that it takes for "Yeah" has -2.5. */
#define ANSWER_NO_SPEECH_MAX 0.65
#define ANSWER_LOGPROB_MIN   (-1.45)
/* A stock phrase needs all three. Measured on "Thank you." and "Goodbye." spoken, quiet and in
 * noise: at most 0.29, at least -0.26, or 0.09 and -0.75, at least 200 ms; on noise and music: 0.29
 * or more, and there at most -1.28. */
#define STOCK_NO_SPEECH_MAX 0.4
#define STOCK_LOGPROB_MIN   (-0.7)
#define STOCK_SURE          0.1
#define STOCK_SURE_LOGPROB  (-0.85)
#define STOCK_VOICED_MS     96u
/* The end of a film. Music: 0.31 or more. */
#define OUTRO_NO_SPEECH_MAX 0.2

struct frame {
	double rms;
	bool   is_voiced;
};

/* A one-pole high-pass run twice: 12 dB an octave. */
struct high_pass {
	double factor, in[2], out[2];
};

static double high_pass(struct high_pass *h, double x)
{
	for (int i = 0; i < 2; i++) {
		double y = h->factor * (h->out[i] + x - h->in[i]);

		h->in[i] = x;
		h->out[i] = y;
		x = y;
	}
	return x;
}

/* The recording at LOW_RATE, without what is below a voice. */
static float *lower(struct arena *a, struct pcm pcm, struct sound *sound, size_t *n_out)
{
	struct high_pass filter = {.factor = 1 / (1 + 2 * M_PI * HIGH_PASS_HZ / PCM_RATE)};
	size_t           n = pcm.n / STEP;
	float           *low = NEW_ARRAY(a, float, n + 1);
	double           sum = 0;

	for (size_t i = 0; i < n * STEP; i++) {
		double x = high_pass(&filter, (double)pcm.samples[i]);

		sum += x * x;
		sound->peak = fmax(sound->peak, fabs(x));
		low[i / STEP] += (float)(x / STEP);
	}
	sound->rms = n ? sqrt(sum / (double)(n * STEP)) : 0;
	*n_out = n;
	return low;
}

/* How much the frame repeats itself after `lag` samples: 1 is exactly. */
static double likeness(const float *x, size_t lag)
{
	double product = 0, head = 0, tail = 0;

	for (size_t i = 0; i + lag < FRAME; i++) {
		product += (double)(x[i] * x[i + lag]);
		head += (double)(x[i] * x[i]);
		tail += (double)(x[i + lag] * x[i + lag]);
	}
	return head > 0 && tail > 0 ? product / sqrt(head * tail) : 0;
}

/* A pitch is a top among the lags; low rumble only slopes down from the shortest. */
static bool is_voiced(const float *x)
{
	double before = likeness(x, LAG_MIN - 1), here = likeness(x, LAG_MIN);

	for (size_t lag = LAG_MIN; lag <= LAG_MAX; lag++) {
		double after = likeness(x, lag + 1);

		if (here >= VOICED_MIN && here >= before && here > after)
			return true;
		before = here;
		here = after;
	}
	return false;
}

static double frame_rms(const float *x)
{
	double sum = 0;

	for (size_t i = 0; i < FRAME; i++)
		sum += (double)(x[i] * x[i]);
	return sqrt(sum / FRAME); /* NOLINT(bugprone-integer-division): a whole number of samples */
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* What is always there: the level the quietest part stays below. */
static double background(struct arena *a, const struct frame *frames, size_t n)
{
	double *levels = NEW_ARRAY(a, double, n);

	for (size_t i = 0; i < n; i++)
		levels[i] = frames[i].rms;
	qsort(levels, n, sizeof(*levels), compare_doubles);
	return levels[n / BACKGROUND_PART];
}

static void add_up(struct arena *a, const struct frame *frames, size_t n, size_t samples,
                   struct sound *sound)
{
	double limit = fmax(FLOOR_RMS, background(a, frames, n) * ABOVE_BACKGROUND);
	size_t margin = MARGIN_MS / FRAME_MS, first = n, last = 0;

	for (size_t i = 0; i < n; i++) {
		if (frames[i].rms < limit)
			continue;
		sound->active_ms += FRAME_MS;
		sound->voiced_ms += frames[i].is_voiced ? FRAME_MS : 0;
		first = first < i ? first : i;
		last = i;
	}
	if (first == n)
		return;
	first = first > margin ? first - margin : 0;
	sound->from = first * HOP * STEP;
	sound->to = (last + margin + 2) * HOP * STEP;
	if (sound->to > samples)
		sound->to = samples;
}

struct sound sound_measure(struct arena *a, struct pcm pcm)
{
	struct sound  sound = {0};
	size_t        low_n, n;
	float        *low = lower(a, pcm, &sound, &low_n);
	struct frame *frames;

	if (low_n < FRAME)
		return sound;
	n = (low_n - FRAME) / HOP + 1;
	frames = NEW_ARRAY(a, struct frame, n);
	for (size_t i = 0; i < n; i++) {
		frames[i].rms = frame_rms(low + i * HOP);
		frames[i].is_voiced = frames[i].rms >= FLOOR_RMS && is_voiced(low + i * HOP);
	}
	add_up(a, frames, n, pcm.n, &sound);
	return sound;
}

bool sound_may_be_speech(const struct sound *sound)
{
	return sound->voiced_ms >= SPEECH_VOICED_MS;
}

size_t sound_cut(struct pcm pcm, size_t max)
{
	const size_t window = PCM_RATE / 10;
	double       quietest = INFINITY;
	size_t       cut = max;

	if (pcm.n <= max)
		return pcm.n;
	for (size_t from = max / 2; from + window <= max; from += window / 2) {
		double sum = 0;

		for (size_t i = from; i < from + window; i++)
			sum += (double)(pcm.samples[i] * pcm.samples[i]);
		if (sum < quietest) {
			quietest = sum;
			cut = from + window / 2;
		}
	}
	return cut;
}

/* ---- the recogniser ---- */

static double least_logprob(double no_speech_prob)
{
	if (no_speech_prob > NO_SPEECH_MAX)
		return DOUBTED_LOGPROB_MIN;
	return SURE_LOGPROB_MIN + LOGPROB_SLOPE * fmax(0, no_speech_prob - SPEECH_SURE);
}

static bool is_believed(const struct heard_segment *s, enum heard_kind kind)
{
	if (s->no_speech_prob > NO_SPEECH_SURE || s->compression_ratio > COMPRESSION_MAX)
		return false;
	if (kind == HEARD_OUTRO && s->no_speech_prob > OUTRO_NO_SPEECH_MAX)
		return false;
	if (kind == HEARD_ANSWER && s->no_speech_prob <= ANSWER_NO_SPEECH_MAX)
		return s->avg_logprob >= ANSWER_LOGPROB_MIN;
	return s->avg_logprob >= least_logprob(s->no_speech_prob);
}

/* What all believed segments say together. */
struct account {
	double no_speech_prob, logprob; /* the worst, and the mean by length of text */
	size_t bytes;
};

static void take_segment(struct account *account, const struct heard_segment *s, size_t bytes)
{
	account->no_speech_prob = fmax(account->no_speech_prob, s->no_speech_prob);
	account->logprob =
		(account->logprob * (double)account->bytes + s->avg_logprob * (double)bytes) /
		(double)(account->bytes + bytes);
	account->bytes += bytes;
}

/* Enough for what recognisers write for noise as well. */
static bool is_proven(enum heard_kind kind, const struct account *account,
                      const struct sound *sound)
{
	bool is_sure = account->no_speech_prob <= STOCK_SURE;

	if (kind == HEARD_WORDS)
		return true;
	if (sound->voiced_ms < STOCK_VOICED_MS)
		return false;
	return kind == HEARD_ANSWER ||
	       (account->no_speech_prob <= STOCK_NO_SPEECH_MAX &&
	        account->logprob >= (is_sure ? STOCK_SURE_LOGPROB : STOCK_LOGPROB_MIN));
}

static const char *believed_text(struct arena *a, const struct heard_segment *segments, size_t n,
                                 struct account *account)
{
	struct buf text = buf_new(a, 0);

	for (size_t i = 0; i < n; i++) {
		const char *said = heard_text_clean(a, segments[i].text);

		if (!*said || !is_believed(&segments[i], heard_text_kind(said)))
			continue;
		if (text.len)
			buf_char(&text, ' ');
		buf_str(&text, said);
		take_segment(account, &segments[i], strlen(said));
	}
	/* Once more: a loop may go on in the next segment. */
	return heard_text_clean(a, buf_text(&text));
}

struct verdict speech_judge(struct arena *a, const struct sound *sound,
                            const struct heard_segment *segments, size_t n)
{
	const struct verdict nothing = {"", 0};
	struct account       account = {0};
	const char          *text;
	double               confidence;

	if (!sound_may_be_speech(sound))
		return nothing;
	text = believed_text(a, segments, n, &account);
	if (!words_count(span_of(text)) || !is_proven(heard_text_kind(text), &account, sound))
		return nothing;
	/* The mean probability of a token, less where it doubts that it was speech. */
	confidence = exp(fmin(account.logprob, 0));
	if (account.no_speech_prob > NO_SPEECH_MAX)
		confidence *= 1 - account.no_speech_prob;
	return (struct verdict){text, confidence};
}
