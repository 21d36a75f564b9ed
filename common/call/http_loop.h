/* http_loop.h -- the thread that drives all calls of the process. Private to call/. */
#ifndef HTTP_LOOP_H
#define HTTP_LOOP_H

#include "http_exchange.h"

/* What a caller may wish; the loop is woken and begun when need be. What is wished of an
 * exchange that ended has no effect. */
enum wish {
	WISH_BEGIN = 1,
	WISH_RESUME = 2, /* its queue has room again */
	WISH_DROP = 4,   /* nobody wants the rest */
};
void loop_wish(struct exchange *x, enum wish wish);

/* Wakes the caller within 30 ms, were it not woken before. The loop's thread; the exchange's lock
 * held. */
void loop_tell_later(struct exchange *x);

/* There is a connection for it. The loop's thread. */
void loop_connected(struct exchange *x);

/* libcurl may be used from now on. */
void loop_ready(void);

/* What SCRIBE_CA_FILE holds, which only root may be able to read; NULL: those of the system. */
struct curl_blob *loop_ca(void);

#endif
