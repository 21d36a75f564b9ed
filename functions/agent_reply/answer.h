/* answer.h -- thinking and speaking for one turn, and the answer's JSON. No database. */
#ifndef ANSWER_H
#define ANSWER_H

#include "../../common/domain/talk/dynamics.h"
#include "../../common/engines/speaking.h"
#include "../../common/engines/thinking.h"
#include "../../common/store/turns.h"

#define USER_MESSAGE_MAX 8000
#define ANSWER_BYTES_MAX ((size_t)4 << 20)
#define SILENT_TEXT      "\u200b" /* a zero-width space: the page shows and speaks nothing */

extern const struct cfg_group answer_settings;

/* The tokens that a request to a model may have (REPLY_PROMPT_TOKENS). */
size_t answer_budget_tokens(void);

/* The request, read and checked. */
struct in {
	const char         *session_id, *session_secret, *user_message, *mode, *model, *turn_id;
	const struct cJSON *context;
	bool                is_performer_mode, audio;
	bool                is_nudge;  /* nobody spoke: the idle browser asks to be talked to */
	bool                is_compat; /* the existing page asks: it goes mute on some intents */
	struct heard       *heard;     /* NULL: nobody spoke */
	struct act_words    said;      /* their words, read once; of a nudge none */
};

struct answer {
	const char             *text;     /* as shown and spoken */
	const char             *provider; /* NULL when nobody was asked */
	struct span             audio;    /* ptr NULL: none */
	struct chat_usage       usage;
	struct dynamics         dynamics;
	struct reading          reading;          /* of what the visitor said */
	size_t                  said_in_distress; /* messages in a row, the last ones before this */
	const struct turn_lead *lead;             /* NULL: nothing is known of the visitor */
	const char             *degraded[2];
	size_t                  degraded_n;
	unsigned                begin_ms, recall_ms, think_ms, first_token_ms, speak_ms;
	uint64_t                start_ms; /* when the request came, monotonic */
};

/* How many messages in a row, the last ones before this, were of somebody in distress. */
size_t answer_said_in_distress(const struct turn *turn);

/* Asks the model with this turn's prompt; the text is clean and not empty. What the turn has told
 * is in the reading already (NULL: nothing counts). To somebody in danger our own line comes first,
 * and a model's words only where they are fit to follow it. */
struct err *answer_think(struct ctx *cx, const struct in *in, const struct turn *turn,
                         struct answer *a) CHECKED;

/* Speaks the text. That it fails is no error, the answer says so; that it is cut short because
 * nobody waits any more is ERR_CANCELLED. */
struct err *answer_speak(struct ctx *cx, struct answer *a) CHECKED;

/* The contract's JSON, silent: without the audio. */
struct err *answer_json(struct ctx *cx, const struct in *in, const struct turn *turn,
                        const struct answer *a, struct span *out) CHECKED;

/* That JSON with audio in it; the same when its ptr is NULL. */
struct err *answer_voice(struct ctx *cx, struct span json, struct span audio,
                         struct span *out) CHECKED;

/* Both as one, to be kept, and apart again. */
struct span answer_pack(struct arena *a, struct span json, struct span audio);
void        answer_unpack(struct span packed, struct span *json_out, struct span *audio_out);

#endif
