/* answer.h -- a turn's request as it is read, and its answer as JSON. */
#ifndef ANSWER_H
#define ANSWER_H

#include "../../common/domain/talk/dynamics.h"
#include "../../common/domain/talk/reading.h"
#include "../../common/engines/transcript.h"
#include "../../common/engines/thinking.h"
#include "../../common/store/recall.h"
#include "../../common/store/turns.h"
#include "../../common/web/input.h"
#include "../../common/work/flags.h"
#include "../../common/work/progress.h"
#include "voices.h"

#define USER_MESSAGE_MAX 32000
#define ANSWER_BYTES_MAX ((size_t)4 << 20)
#define SILENT_TEXT      "\u200b" /* a zero-width space: the page shows and speaks nothing */

/* The request, read and checked. */
struct in {
	const char              *session_id, *session_secret, *user_message, *mode, *model, *turn_id;
	const char              *audio_base64, *language; /* a recording in the place of the message */
	const struct cJSON      *context;
	struct maybe_number      heard_ms; /* of the turn to be cancelled */
	bool                     is_performer_mode, audio, cancel, resume, speculative;
	bool                     barge_in;     /* said into a reply that is being heard */
	bool                     needs_joined; /* the reply's audio as one */
	struct stream           *stream;       /* events are asked for; NULL: one JSON answer is */
	bool                     is_nudge;     /* nobody spoke: the idle browser asks to be talked to */
	bool                     is_compat; /* the existing page asks: it goes mute on some intents */
	struct heard            *heard;     /* NULL: nobody spoke */
	struct act_words         said;      /* their words, read once; of a nudge none */
	bool                     is_backchannel; /* they only tell that somebody listens */
	const struct transcript *spoken;         /* the message as it was heard; NULL: it was written */
	struct span              recording;      /* where it is to be kept (kept_audio.h), else empty */
};

struct answer {
	const char                *text;     /* as shown and spoken */
	const char                *provider; /* NULL when nobody was asked */
	struct span                audio;    /* ptr NULL: none, or nobody needs it as one */
	struct reply_sound         sound;    /* of a turn of ours */
	struct chat_usage          usage;
	struct dynamics            dynamics;
	struct reading             reading;          /* of what the visitor said */
	size_t                     said_in_distress; /* messages in a row, the last ones before this */
	bool                       is_read;          /* what they said, that is */
	struct lead_search        *search;           /* of the visitor; NULL: nobody looks */
	const struct turn_lead    *lead;             /* NULL: nothing is known of the visitor */
	const struct spoken_piece *pieces;           /* where the audio may be cut */
	size_t                     pieces_n;
	struct progress           *progress; /* of a turn of ours: what has been sent of it */
	const struct left         *before;   /* what there is of the reply already; NULL: nothing */
	struct left               *rest;     /* NULL, or what is left of it now (left.h) */
	const char                *degraded[3];
	size_t                     degraded_n;
	struct flags               flags;
	bool                       recalls; /* thought_look() sets it, and people then */
	struct memory_people       people;
	bool                       is_out;       /* all of it, as it was made: in a stream */
	bool                       is_resumed;   /* some of it had been sent when it was cancelled */
	bool                       is_truncated; /* the model failed in the middle */
	bool                       is_connection_reused;
	unsigned                   heard_ms; /* hearing took so long; 0: nothing was to be heard */
	unsigned                   begin_ms, recall_ms, think_ms, first_token_ms, speak_ms;
	/* Since the request came; 0: it did not come to that. */
	unsigned first_sentence_ms, first_audio_ms, last_audio_ms;
	uint64_t start_ms; /* when the request came, monotonic */
};

/* The contract's JSON, silent: with null in the place of the audio, at its end. */
struct err *answer_json(struct ctx *cx, const struct in *in, const struct turn *turn,
                        const struct answer *a, struct span *out) CHECKED;

/* That JSON with audio in it; the same when its ptr is NULL. */
struct err *answer_voice(struct ctx *cx, struct span json, struct span audio,
                         struct span *out) CHECKED;

/* The reverse: the silent JSON, and the audio (ptr NULL: none). */
struct err *answer_unvoice(struct ctx *cx, struct span json, struct span *silent_out,
                           struct span *audio_out) CHECKED;

/* It is a turn's: there is text in it, if only "". */
struct err *answer_is_reply(struct ctx *cx, struct span silent, bool *is_reply_out) CHECKED;

/* The silent JSON without the member for audio. */
struct span answer_unvoiced(struct ctx *cx, struct span json);

/* Some of it had been sent before this request, with its sound: what is made now is the rest. */
bool answer_is_rest(const struct answer *a);

#endif
