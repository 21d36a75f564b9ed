/* http_sockets.h -- what the loop waits for: libcurl's sockets and its timer, and a wake.
 * Private to call/. */
#ifndef HTTP_SOCKETS_H
#define HTTP_SOCKETS_H

#include "../base/base.h"

#include <curl/curl.h>

/* One per process. All but sockets_wake is the loop's thread's, or of who starts and joins it. */
void sockets_open(void);
void sockets_close(void);

/* From now on `multi` tells of its sockets and its time; of one before it nothing may be left. */
void sockets_serve(CURLM *multi);

/* Sleeps until something may move in `multi`, for `most_ms` at most, and lets libcurl move that.
 * `is_connecting`: a call in it has no connection yet. */
void sockets_wait(CURLM *multi, unsigned most_ms, bool is_connecting);

/* Ends the sleep, or the next one. Any thread. */
void sockets_wake(void);

#endif
