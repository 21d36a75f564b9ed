/* dispatch.h -- one thread that watches the listening socket and every connection.
 *
 * A connection is *parked* until a request has arrived on it, its head and its body (or of a large
 * one the beginning), so that one that says nothing takes no thread. Then it is handed on, and is
 * in hand until conn_end() parks it again or closes it. While it is in hand its cancel fires when
 * the peer leaves, and when its time is up both directions are shut, which ends whatever read or
 * write its thread is blocked in. */
#ifndef DISPATCH_H
#define DISPATCH_H

#include "../base/cancel.h"
#include "crew.h"

struct conn;

/* A connection as what a crew is given. */
struct crew_job *conn_job(struct conn *c) NEVER_NULL;

/* And back. */
struct conn *conn_of(struct crew_job *job) NEVER_NULL;

/* Watches listen_fd, and hands each connection with a request on it to hand_on(), which takes it
 * over; what it returns, this one or another in hand, is closed. Returns after SIGTERM or SIGINT
 * (which are blocked), once no connection is left: those who keep them are given time to close
 * them, for what is on its way on a connection that we close is lost. The listening socket itself
 * stays as it is. */
void dispatch(int listen_fd, struct conn *(*hand_on)(struct conn *c));

/* ---- a connection in hand: calls of the thread that has it ---- */

/* Its descriptor, for blocking reads and writes. */
int conn_fd(const struct conn *c);

/* When its request had arrived, as clock_mono_ms() tells. */
uint64_t conn_since_ms(const struct conn *c);

/* From now until conn_end the cancel is fired when the peer leaves. False: it has left before
 * anything was begun, the connection is closed. */
bool conn_begin(struct conn *c, struct cancel *cancel);

/* So many milliseconds from now it is shut, to within a second. */
void conn_limit(struct conn *c, unsigned ms);

/* Gives it back: parked for its next request, or closed. */
void conn_end(struct conn *c, bool may_stay);

/* The same where somebody has closed its descriptor already. */
void conn_lost(struct conn *c);

#endif
