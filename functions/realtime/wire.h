/* wire.h -- libwebsockets: the only file that knows it is wire.c.
 *
 * Sockets are accepted from descriptor 0, which listens and belongs to the supervisor, as that of
 * any program here: one that takes over accepts from the same. */
#ifndef WIRE_H
#define WIRE_H

/* Serves until SIGTERM or SIGINT; then says goodbye to all (1012, "come back"), a few at a time,
 * and waits a moment for them. Returns the exit status. */
int wire_serve(void);

/* Wakes the thread that serves, which then calls clerk_collect(). From any thread. */
void wire_wake(void);

#endif
