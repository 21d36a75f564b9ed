/* incoming.h -- what the dispatcher knows of its connections, and what it does with those on which
 * something arrives. All of this file with its lock held. */
#ifndef INCOMING_H
#define INCOMING_H

#include "arrival.h"
#include "dispatch.h"

enum conn_state { PARKED, IN_HAND, DEAD };

struct conn {
	struct crew_job  job; /* first */
	int              fd;
	enum conn_state  state;
	bool             is_gone;      /* its peer hung up */
	bool             has_news;     /* something arrived while it was in hand */
	bool             talks;        /* parked: a part of a request is here */
	bool             is_over;      /* parked: its request was refused before all of it was here */
	struct fcgi_body rest;         /* of that */
	unsigned         looks;        /* at this part, in its socket */
	struct arrival   arrival;      /* of a request whose head is here */
	enum refusal     refusal;      /* of that */
	unsigned         coming_ms;    /* in hand: how long its request was on its way */
	uint64_t         since_ms;     /* of its state; once it talks, of that */
	uint64_t         until_ms;     /* in hand: when it is shut */
	struct cancel   *cancel;       /* NULL: nobody to tell */
	struct conn     *next, **link; /* of all, or of the dead */
};

struct dispatch_office {
	pthread_mutex_t    lock; /* guards what threads with a connection in hand touch as well */
	int                epoll_fd, listen_fd, signal_fd, bell;
	struct dispatching how;
	struct conn       *all, *dead;
	bool               is_stopping, is_deaf; /* deaf: out of descriptors until the next sweep */
	uint64_t           stopping_since_ms, next_sweep_ms;
};
extern struct dispatch_office office; /* one per process: dispatch.c */

/* Closes c, which is freed between two rounds of events. */
void office_close(struct conn *c);

/* Something may have arrived on c, which is parked: it is handed on, refused, closed, or waits. */
void incoming_look(struct conn *c);

/* Hands c, on which a request arrives or waits for a thread, on to be refused. */
void incoming_refuse(struct conn *c, enum refusal why);

#endif
