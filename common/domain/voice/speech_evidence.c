/* speech_evidence.c -- level, pitch, the recogniser's doubts, and its stock phrases.
 *
 * The sound is looked at in frames of 32 ms at a quarter of the rate, behind a
 * high-pass that takes away hum and direct current. A frame is active when it is
 * above both an absolute floor and the recording's own background, and voiced
 * when it repeats itself at a pitch a person can have. That is cheap (20 ms
 * for two minutes) and only has to be right about what is clearly no speech:
 * everything else is heard, and judged by what the recogniser says of itself. */
#include "speech_evidence.h"

#include "../../base/str.h"

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
/* A stock phrase needs all three. Measured on "Thank you." spoken, quiet and in
 * noise: at most 0.29, at least -0.26, at least 200 ms; on noise: 0.44 or more. */
#define STOCK_NO_SPEECH_MAX 0.4
#define STOCK_LOGPROB_MIN   (-0.7)
#define STOCK_VOICED_MS     96u

/* What Whisper writes for silence, music and noise, as lower-case words. */
static const char *const stock_phrases[] = {
	"amen",
	"bye",
	"bye bye",
	"goodbye",
	"hmm",
	"i'm going to get you",
	"music",
	"oh",
	"okay",
	"please subscribe",
	"see you",
	"see you in the next video",
	"see you next time",
	"see you next video",
	"so",
	"subscribe",
	"thank you",
	"thank you for watching",
	"thank you so much",
	"thank you so much for watching",
	"thank you very much",
	"thanks",
	"thanks for watching",
	"the",
	"the end",
	"uh",
	"um",
	"yeah",
	"you",
};
/* Credits it learned from film subtitles, wherever they begin. */
static const char *const stock_beginnings[] = {
	"subtitles by",  "subtitled by",   "subtitles made by", "captions by",
	"captioning by", "transcribed by", "transcription by",  "translated by",
	"amara org",     "untertitel",     "sous-titres",       "subtitulos",
};

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
	return sqrt(sum / FRAME);
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

static bool is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '\'' || (c & 0x80);
}

/* Lower case, words only, single spaces: what phrases are compared in. */
static struct span plain_words(struct arena *a, const char *text)
{
	struct buf out = buf_new(a, strlen(text) + 1);

	for (; *text; text++) {
		char c = *text >= 'A' && *text <= 'Z' ? (char)(*text + 32) : *text;

		if (is_word_byte(c))
			buf_char(&out, c);
		else if (out.len && out.ptr[out.len - 1] != ' ')
			buf_char(&out, ' ');
	}
	return span_trim(buf_span(&out));
}

static bool is_stock(struct arena *a, const char *text)
{
	struct span words = plain_words(a, text);

	for (size_t i = 0; i < COUNT(stock_phrases); i++)
		if (span_equal(words, span_of(stock_phrases[i])))
			return true;
	for (size_t i = 0; i < COUNT(stock_beginnings); i++)
		if (span_starts(words, span_of(stock_beginnings[i])))
			return true;
	return false;
}

/* The byte that ends a description which begins here: "[Music]", "(laughs)", "*sighs*". */
static char closing(const char *at)
{
	static const char open[] = "[(*", close[] = "])*";
	const char       *found = strchr(open, *at);

	return found && *found && strchr(at + 1, close[found - open]) ? close[found - open] : '\0';
}

/* Adds text without sound descriptions and notes, with single spaces. */
static void add_words(struct buf *out, const char *text)
{
	bool wants_space = out->len > 0;

	for (; *text; text++) {
		char end = closing(text);

		if (end) {
			text = strchr(text + 1, end);
			wants_space = out->len > 0;
		} else if (strncmp(text, "\xe2\x99\xaa", 3) == 0 || strncmp(text, "\xe2\x99\xab", 3) == 0) {
			text += 2;
			wants_space = out->len > 0;
		} else if ((unsigned char)*text <= ' ') {
			wants_space = out->len > 0;
		} else {
			if (wants_space)
				buf_char(out, ' ');
			wants_space = false;
			buf_char(out, *text);
		}
	}
}

static bool is_believed(const struct heard_segment *s)
{
	if (s->no_speech_prob > NO_SPEECH_SURE || s->compression_ratio > COMPRESSION_MAX)
		return false;
	if (s->no_speech_prob > NO_SPEECH_MAX && s->avg_logprob < DOUBTED_LOGPROB_MIN)
		return false;
	return s->avg_logprob >= (s->no_speech_prob <= SPEECH_SURE ? SURE_LOGPROB_MIN : LOGPROB_MIN);
}

/* What all believed segments say together. */
struct account {
	double no_speech_prob, logprob; /* the worst, and the mean by length of text */
	size_t bytes;
};

static void take_segment(struct account *account, const struct heard_segment *s)
{
	size_t bytes = strlen(s->text);

	account->no_speech_prob = fmax(account->no_speech_prob, s->no_speech_prob);
	account->logprob =
		(account->logprob * (double)account->bytes + s->avg_logprob * (double)bytes) /
		(double)(account->bytes + bytes);
	account->bytes += bytes;
}

static bool is_proven(const struct account *account, const struct sound *sound)
{
	return account->no_speech_prob <= STOCK_NO_SPEECH_MAX &&
	       account->logprob >= STOCK_LOGPROB_MIN && sound->voiced_ms >= STOCK_VOICED_MS;
}

struct verdict speech_judge(struct arena *a, const struct sound *sound,
                            const struct heard_segment *segments, size_t n)
{
	const struct verdict nothing = {"", 0};
	struct account       account = {0};
	struct buf           text = buf_new(a, 0);
	double               confidence;

	if (!sound_may_be_speech(sound))
		return nothing;
	for (size_t i = 0; i < n; i++)
		if (*segments[i].text && is_believed(&segments[i])) {
			add_words(&text, segments[i].text);
			take_segment(&account, &segments[i]);
		}
	if (!plain_words(a, buf_text(&text)).len)
		return nothing;
	if (is_stock(a, buf_text(&text)) && !is_proven(&account, sound))
		return nothing;
	/* The mean probability of a token, less where it doubts that it was speech. */
	confidence = exp(fmin(account.logprob, 0));
	if (account.no_speech_prob > NO_SPEECH_MAX)
		confidence *= 1 - account.no_speech_prob;
	return (struct verdict){buf_text(&text), confidence};
}
