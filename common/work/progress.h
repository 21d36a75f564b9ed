/* progress.h -- what of a reply has been sent, stored beside it as the turn goes.
 *
 * One thread for all turns of the process stores what is new of each, the newest state only, a
 * tenth of a second after the first of it: so a turn that ends by then costs no statement, and none
 * has two under way. A turn of which another request made an end (store/turn_progress.h) finds out
 * so, too, if by no quicker way: its cancel fires. Thread-safe. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include "../store/turn_progress.h"

struct progress; /* lives in the arena */

/* From now on; the turn lives as long. Whatever ends the unit of work ends it. */
struct progress *progress_start(struct ctx *cx, const struct turn *turn) NEVER_NULL;

/* This is all that has been sent by now, to its last byte: whole sentences, and how long their
 * sound lasts (0: there is none). Each call is a piece of it; beyond SPOKEN_PIECES_MAX they are
 * one. */
void progress_note(struct progress *s, struct span said, unsigned ms);

/* So much had been sent before, by who had the turn: what is noted comes behind it. */
void progress_go_on(struct progress *s, const struct turn_sent *sent);

/* The visitor is in distress: nothing of the turn is remembered. */
void progress_is_grave(struct progress *s);

/* All that was sent; text "": nothing. Once nobody notes any more. */
struct turn_sent progress_sent(const struct progress *s);

/* Nothing of it is stored from here any more but by the caller: turn_finish(), or, where the turn
 * was stopped, turn_interrupt(). What is under way on the server comes before, or to nothing. */
void progress_stop(struct progress *s);

/* Behind that: it is stored. */
void progress_end(struct progress *s);

/* Of a turn that was stopped and could not be stored: turn_interrupt() is tried again until the
 * database is back, for ten minutes at most. Both are copied. */
void progress_leave(const struct turn_name *turn, const struct turn_sent *sent);

/* By a turn that has just begun: what the one before it has sent, be that on its way to the
 * database still, is in its history. Only of one that is answered here. */
void progress_recall(struct ctx *cx, struct turn *turn);

/* At the end of the process; it was begun by the first note. Before db_stop(). */
void progress_end_all(void);

#endif
