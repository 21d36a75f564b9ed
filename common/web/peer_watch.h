/* peer_watch.h -- fires the cancel of a request whose client went away.
 *
 * One thread of the process watches the sockets of the requests in hand.
 * Thread-safe. */
#ifndef PEER_WATCH_H
#define PEER_WATCH_H

#include "../base/cancel.h"

struct peer_watch {
	int                 fd;
	struct cancel      *cancel;
	struct peer_watch **link, *next; /* link NULL: not watched */
};

/* From now until peer_unwatch, that the other end of fd hung up fires the cancel. A descriptor that
 * can not be watched (a file) never hangs up. */
void peer_watch(struct peer_watch *w, int fd, struct cancel *cancel);

/* No firing is under way when it returns. The descriptor is still open. */
void peer_unwatch(struct peer_watch *w);

#endif
