/* sockets.h -- the clients that are connected: what each sends, and what waits for it.
 *
 * All of it belongs to the thread that serves. */
#ifndef SOCKETS_H
#define SOCKETS_H

#include "../../common/base/str.h"
#include "../../common/web/phoenix.h"
#include "parcels.h"

struct lws;
struct channel;

struct socket {
	struct lws          *wire;
	uint64_t             id; /* of no other of this process, ever */
	enum phoenix_version version;
	struct channel      *channels; /* it is in, or on its way into */
	size_t               channels_n;
	size_t               joins_n; /* that wait for the database, of channels left since, too */
	struct outbox        outbox;
	struct arena        *coming; /* holds `message`; NULL between messages */
	struct buf           message;
	uint64_t             heard_ms, lonely_ms; /* since when it said nothing, is in no channel */
	uint64_t             wrote_ms;            /* when something was last sent to it */
	uint64_t             counted_ms;
	int64_t              allowance;  /* thousandths of messages it may send at once */
	unsigned             close_code; /* else than 0 it is being closed, and why */
	const char          *close_reason;
	struct socket       *next, **link;
};

/* How a socket's way out is used; see wire.h. */
struct wire_calls {
	void (*want_to_write)(struct socket *s); /* socket_next() is called soon */
	void (*write_now)(struct socket *s);     /* what can be written without waiting */
	void (*give_up)(struct socket *s);       /* it is closed in a moment, whether it reads or not */
};
void sockets_start(const struct wire_calls *calls);

/* A client has come; false where there are too many, and it is being closed. `s` is zeroed but for
 * its wire and version. */
bool socket_open(struct socket *s) CHECKED;
void socket_end(struct socket *s);

/* A piece of a message. What is too large or too much closes the socket. */
void socket_take(struct socket *s, struct span piece, bool is_last, bool is_binary);

/* What goes next, the caller's to drop; NULL: nothing. */
struct parcel *socket_next(struct socket *s);

/* Queues a message. Who does not read what waits is dropped. */
void socket_post(struct socket *s, struct parcel *p);

/* Closes it after what waits; `reason` is a literal of at most 120 bytes. */
void socket_close(struct socket *s, unsigned code, const char *reason);

/* By id; NULL: it has left. */
struct socket *socket_find(uint64_t id);
struct socket *sockets_first(void);
unsigned       sockets_count(void);

/* Each second: who is silent, or in no channel, for too long. */
void sockets_tick(void);

#endif
