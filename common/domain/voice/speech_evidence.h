/* speech_evidence.h -- was anything said? Pure functions over sound and what a recogniser claims.
 *
 * Recognisers write sentences for silence. Three kinds of evidence decide, the
 * same for every engine: the sound itself (level, a voice's pitch), the
 * recogniser's own numbers, and what it wrote (stock phrases need more proof). */
#ifndef SPEECH_EVIDENCE_H
#define SPEECH_EVIDENCE_H

#include "../../base/arena.h"
#include "audio.h"

/* One stretch of recognised speech with the recogniser's own evidence; values
 * as in Whisper's verbose_json. */
struct heard_segment {
	const char *text;
	double      start_s, end_s;
	double      no_speech_prob, avg_logprob, compression_ratio;
};

/* What the samples alone tell. */
struct sound {
	double   rms, peak; /* of full scale 1, without what is too low for a voice */
	unsigned active_ms; /* louder than the background */
	unsigned voiced_ms; /* the part of it with a pitch between 70 and 400 Hz */
	size_t   from, to;  /* samples between which it is active, with a margin; equal: never */
};
struct sound sound_measure(struct arena *a, struct pcm pcm);

/* False for silence, hum and steady noise: no recogniser needs to be asked. */
bool sound_may_be_speech(const struct sound *sound);

/* A good place to cut a recording that is longer than max samples: the
 * quietest tenth of a second in the second half of the first max samples.
 * pcm.n when it is not longer. */
size_t sound_cut(struct pcm pcm, size_t max);

/* What was said, with single spaces and without "[Music]"; "" when the
 * evidence is against it. confidence is 0..1; 0 for "". */
struct verdict {
	const char *text;
	double      confidence;
};
struct verdict speech_judge(struct arena *a, const struct sound *sound,
                            const struct heard_segment *segments, size_t n);

#endif
