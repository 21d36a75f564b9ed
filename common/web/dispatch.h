/* dispatch.h -- one thread that watches the listening socket and every connection.
 *
 * A connection is *parked* until a request has arrived on it, its head and its body, so that one
 * that says nothing, or little now and then, takes no thread. Nobody stores what arrives before we
 * do, so that is where it is bounded, in bytes (arrival.h) and in time. Then it is handed on, and
 * is in hand until conn_end() parks it again or closes it. What may not go on arriving is handed on
 * as it is, to be refused. While it is in hand its cancel fires when
 * the peer leaves, and when its time is up both directions are shut, which ends whatever read or
 * write its thread is blocked in. */
#ifndef DISPATCH_H
#define DISPATCH_H

#include "../base/cancel.h"
#include "crew.h"
#include "serve.h"

struct conn;

/* A connection as what a crew is given. */
struct crew_job *conn_job(struct conn *c) NEVER_NULL;

/* And back. */
struct conn *conn_of(struct crew_job *job) NEVER_NULL;

/* Watches listen_fd, which does not block, and hands each connection with a request on it, or with
 * one to be refused, to how->hand_on(), which takes it over; what that returns, this one or another
 * in hand, is closed. Returns after SIGTERM or SIGINT (which are blocked), once no connection is
 * left: those who keep them are given time to close them, for what is on its way on a connection
 * that we close is lost. The listening socket itself stays as it is. */
struct dispatching {
	struct conn *(*hand_on)(struct conn *c);
	/* Back from what was handed on: one with a file, which the client's thread has not begun to
	 * read; NULL: there is none. */
	struct conn *(*take_back)(uint64_t client);
	unsigned    arrive_ms;
	size_t      bytes_max;
	const char *folder; /* of serving */
};
void dispatch(int listen_fd, const struct dispatching *how);

/* ---- a connection in hand: calls of the thread that has it ---- */

/* Its descriptor, for blocking reads and writes. */
int conn_fd(const struct conn *c);

/* Where its request is read: that one, or the file it was taken into, if it has one. */
bool conn_has_file(const struct conn *c);
int  conn_request_fd(const struct conn *c);

/* After each read from there: a file that is read to its end is given back. */
void conn_was_read(struct conn *c);

/* When its request had arrived, as clock_mono_ms() tells, and how long it was on its way. */
uint64_t conn_since_ms(const struct conn *c);
unsigned conn_coming_ms(const struct conn *c);

/* REFUSAL_NONE: its request is whole. Else its body may end anywhere, and is not to be read. */
enum refusal conn_refusal(const struct conn *c);

/* From now until conn_end the cancel is fired when the peer leaves. False: it has left before
 * anything was begun, the connection is closed. */
bool conn_begin(struct conn *c, struct cancel *cancel);

/* So many milliseconds from now it is shut, to within a second. */
void conn_limit(struct conn *c, unsigned ms);

/* Gives it back: parked for its next request, or closed. With a part of a refused one on it, its
 * peer has a moment to close it or send the rest, whatever may_stay says. */
void conn_end(struct conn *c, bool may_stay);

/* The same where somebody has closed the descriptor it is read from already. */
void conn_lost(struct conn *c);

#endif
