/* delivery.h -- a reply on its way to who waits for it.
 *
 *   thinking --text--> sentences --two voices--> pieces of audio --> outlet, or all at once
 *
 * The thread of the request thinks; what is written is cut into sentences as they complete; each is
 * spoken in a task of its own, two at most at once, while the next is written; and the thread hands
 * all of it on in order, whatever it waits for meanwhile (feed.h): the model, then the voices.
 * A stream and a JSON answer come the same way: without an outlet nothing is out before the end,
 * and an engine that fails in the middle of its text is followed by another that begins anew. With
 * one, what is out stays out, and no other engine continues it.
 *
 * Bounded by what is said: so many sentences, each at most SENTENCE_BYTES_MAX. */
#ifndef DELIVERY_H
#define DELIVERY_H

#include "../../common/base/task.h"
#include "../../common/domain/text/heard_part.h"
#include "../../common/engines/speaking.h"
#include "left.h"

/* What a whole reply's audio may have; more is degraded to its text. */
#define DELIVERY_AUDIO_MAX ((size_t)5 << 19)

/* One part of a piece's audio; the parts of a piece in order are one MP3. */
struct audio_part {
	unsigned           seq, part;
	struct span        text; /* the piece, as it stands in the reply; with part 0, else ptr NULL */
	struct speech_part speech;
};

/* Where it goes while it is being made. An error ends the delivery. */
struct outlet {
	struct err *(*text)(struct span delta, void *data);
	struct err *(*audio)(const struct audio_part *part, void *data);
	/* All of this text has been sent, and its audio, of which so much is to be heard. */
	void (*sent)(struct span said, unsigned ms, void *data);
	void *data;
};

struct delivery_order {
	size_t               sentences_max; /* of what is thought */
	size_t               first_bytes;   /* of these the first, should it be longer: reply_text.h */
	bool                 is_aloud;
	bool                 is_joined;  /* its audio is wanted as one */
	size_t               spoken_max; /* pieces of it, the others are text only; 0: all */
	const struct outlet *outlet;     /* NULL: nobody hears of it before the end */
	uint64_t             start_ms;   /* clock_mono_ms() of the times below */
};

/* What became of it. */
struct delivered {
	const char                *text;   /* all that was said */
	struct reply_sound         sound;  /* of all pieces */
	struct span                audio;  /* that as one MP3, where it is wanted; ptr NULL: none */
	const struct spoken_piece *pieces; /* of the text and its audio, where there is any */
	size_t                     pieces_n;
	bool                       is_tts_degraded;
	unsigned first_sentence_ms, first_audio_ms, last_audio_ms; /* 0: there was none */
};

struct delivery; /* lives in the arena */

/* Of which nothing is begun. */
struct delivery *delivery_new(struct ctx *cx, const struct delivery_order *order) NEVER_NULL;

/* Words of our own, before what is thought or behind it. */
void delivery_say(struct delivery *d, const char *text);

/* How it is thought, by delivery_run and with its ctx. One that says nothing needs none. */
void delivery_think(struct delivery *d, struct err *(*think)(struct ctx *cx, void *data),
                    void            *data);

/* Goes on with a reply that was cancelled, in the place of all else: behind what was sent of it. */
void delivery_go_on(struct delivery *d, const struct left *left);

/* Once delivery_run has ended: what is left to say, with all that was written by now. False: no
 * sentence was. It lives as long as the delivery. */
bool delivery_left(struct delivery *d, struct left *out);

/* Has it thought and hands on what there is until the end: of thinking, of the voices, of what was
 * said. The error of thinking; ERR_CANCELLED and ERR_DEADLINE where that was what ended it. */
struct err *delivery_run(struct delivery *d, struct delivered *out) CHECKED;

/* ---- by who thinks ---- */

/* Fits chat_order.on_text, with the delivery as its data. False: all of the reply has been handed
 * on to who hears it as it is made. What is written while its last sentence is being spoken may
 * still show that all of it was none of the reply, and the end may where there is no outlet. */
bool delivery_text(struct span piece, void *delivery);

/* Who hears it as it is made has, or gets, as many sentences as are wanted, whatever follows. */
bool delivery_is_full(const struct delivery *d);

/* An engine begins, or begins anew. False where what another wrote is out already. */
bool delivery_restart(struct delivery *d) CHECKED;

/* What thinking ends with when it ends well: `whole` is all of what the engine said
 * (spoken_reply), of which the delivery may know the beginning; "" where the sentences it has are
 * all. `closing` is said behind it; NULL: nothing. Both live as long as the unit of work. */
void delivery_thought(struct delivery *d, const char *whole, const char *closing);

#endif
