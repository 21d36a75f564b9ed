/* http_admission.h -- who may ask libcurl for a stream now, and who waits. Private to call/.
 *
 * While all streams to an HTTP/2 server are in use, libcurl makes a connection for each further
 * call at once. So the calls to one origin (https://host:port) wait in line here: one goes first
 * until the server is known, then so many are without a stream at a time as lately did without a
 * new connection. Servers that speak HTTP/1.1 only have no line, nor do calls without TLS or on
 * connections of their own. A line that does not move for 300 ms lets in twice as many, and so
 * does one of which a call fails: nobody waits for a dead call.
 * All of it in the loop's thread. */
#ifndef HTTP_ADMISSION_H
#define HTTP_ADMISSION_H

#include "http_exchange.h"

/* True: libcurl may have it at once. False: it stands in line until admission_next() names it. Each
 * entering is followed by one admission_leave(), at the latest before the exchange is disarmed. */
bool admission_enter(struct exchange *x) CHECKED;

/* The next one in line that libcurl may have, first come first served; NULL: nobody now. */
struct exchange *admission_next(void);

/* It has its stream, on a connection made for it or one that was there. This and the next may be
 * called inside libcurl's callbacks. */
void admission_connected(struct exchange *x, bool made_connection);

/* The answer began: what the origin speaks is known. */
void admission_answered(struct exchange *x, bool is_http_2);

/* It needs no stream any more, or got none (has_failed: not because it was dropped). Nothing
 * for one that did not enter. */
void admission_leave(struct exchange *x, bool has_failed);

/* The loop is to look again after so long at most; never more than `most_ms`. */
unsigned admission_sleep_ms(unsigned most_ms);

/* The key of the line this URL's calls stand in, in `a`; NULL: none. */
const char *admission_origin(struct arena *a, const char *url);

#endif
