/* http_exchange.h -- one call on its way: what the caller and the loop share. Private to call/. */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include "../base/str.h"
#include "../base/wait.h"
#include "http_client.h"

#include <curl/curl.h>

/* How it ended, for the loop. */
enum ending {
	ENDED_WELL,
	ENDED_BROKEN,      /* the connection broke: all of its streams end so at once */
	ENDED_UNCONNECTED, /* libcurl's own limit to connect passed */
	ENDED_BADLY,
};

#define TELL_MS 30u /* what is not urgent waits so long behind what was told before */

/* With admission. */
enum standing { IN_LINE, WITHOUT_STREAM, WITH_STREAM };

struct exchange {
	atomic_int    refs;  /* the caller's, the loop's, those of its lists */
	struct arena *arena; /* the loop's until is_done, then the caller's */

	/* Settled before it begins. */
	struct http_limits limits;
	const char        *origin_key; /* of the line it stands in; NULL: none */
	bool               is_once, has_receiver, is_warming;
	size_t             reply_max;
	bool (*is_urgent)(const struct http_piece *piece);
	enum http_verdict (*on_data)(const struct http_piece *piece, void *data); /* the caller's */
	void *data;

	/* The loop's own. */
	CURL              *easy; /* NULL once it ended */
	curl_mime         *mime;
	struct curl_slist *headers;
	struct http_split  split;
	size_t             streamed_n;
	unsigned           sends; /* libcurl repeats what a kept connection lost by itself */
	bool               must_repeat;
	char               problem[CURL_ERROR_SIZE];
	struct exchange   *next, **link; /* of those under way */

	/* Admission's own. */
	struct origin   *origin; /* NULL: it did not enter, or left */
	enum standing    standing;
	struct exchange *next_in_line, **link_in_line;

	/* The loop's lists; those of wishes under its lock. Due to be told, or to be repeated. */
	unsigned         wishes;
	bool             is_wishing, is_due, is_connecting;
	struct exchange *next_wishing, *next_due;
	uint64_t         due_at_ms;

	struct monitor news; /* its lock guards what follows */
	bool           is_connected, is_reused, is_paused, is_done, is_dropped;
	bool           was_urgent; /* the piece before */
	uint64_t       told_at_ms; /* of pieces; 0: never */
	bool           is_news; /* to be told of once the lock is free: nobody wakes to wait for it */
	size_t         wanted;  /* bytes, before any piece is worth a wake */
	bool           is_full; /* stopped, for enough of an error came */
	bool           is_too_large, is_event_too_large;
	bool           is_told; /* another stream told of the same broken connection */
	enum ending    ending;
	int            status, local_port;
	const char    *content_type;
	unsigned       retry_after_ms;
	uint64_t       first_at_ms, last_at_ms, done_at_ms; /* of bytes of a body; 0: not yet */
	struct buf     body;                                /* gathered */
	struct buf     queue;                               /* pieces nobody has seen yet */

	/* The caller's own. */
	uint64_t    began_at_ms, piece_at_ms, useful_at_ms;
	struct buf  batch; /* pieces being read */
	size_t      batch_at;
	struct err *failed;
	bool        is_over;      /* there are no more pieces, or none is wanted */
	bool        has_enough;   /* the receiver said HTTP_LAST, or HTTP_STOP: */
	uint64_t    enough_at_ms; /* when it did */
	unsigned    first_ms;     /* of a useful piece */
};

/* Ready to be begun: everything of the call is copied. One reference, the caller's. `left_ms`
 * bounds the connecting where the call does not. Who is called is told of the trace, should there
 * be one. */
struct exchange *exchange_new(const struct http_call *call, const struct trace *trace,
                              unsigned left_ms) NEVER_NULL;
struct exchange *exchange_new_warming(const char *url) NEVER_NULL;

/* The last one to let go frees it. */
struct exchange *exchange_hold(struct exchange *x) NEVER_NULL;
void             exchange_release(struct exchange *x);

/* Reads the next piece of the batch, or of the queue in its place; false when there is
 * none. With the lock held. Tells in *resume_out that a paused transfer has room again. */
bool exchange_take(struct exchange *x, struct http_piece *out, uint64_t *at_ms_out,
                   bool *resume_out);

/* Gives back what belongs to libcurl; the loop's thread. */
void exchange_disarm(struct exchange *x);

/* The server and what it said so far; the lock held, the loop's thread. */
void exchange_look(struct exchange *x);

#endif
