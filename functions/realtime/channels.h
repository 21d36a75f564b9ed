/* channels.h -- sockets in channels: joining, leaving, telling each other.
 *
 * A topic is what all who are in it share; a channel is one socket's being in a topic. All of it
 * belongs to the thread that serves. */
#ifndef CHANNELS_H
#define CHANNELS_H

#include "../../common/web/phoenix.h"
#include "filters.h"
#include "rights.h"
#include "sockets.h"

#define TOPIC_PREFIX "realtime:"

struct topic {
	struct arena   *arena;
	const char     *full, *name; /* with TOPIC_PREFIX, and without */
	enum topic_kind kind;
	struct channel *members;
	unsigned        members_n;
	struct topic   *next, **link; /* of those with the same hash */
};

struct channel {
	struct arena   *arena; /* its own, which holds it */
	uint64_t        id;    /* of no other of this process, ever */
	struct socket  *socket;
	struct channel *next_of_socket;
	struct topic   *topic; /* NULL: not let in yet */
	struct channel *next, **link;
	struct channel *next_watcher, **watcher_link; /* of those for whom all sessions are news */
	const char     *full, *name, *join_ref;
	struct pass     pass;
	bool            is_asked;   /* whether the pass is still good */
	bool            is_renewed; /* a newer token is asked about */
	struct arena   *later;      /* holds the token to be asked about then; NULL: there is none */
	const char     *later_token;
	bool            hears_itself, wants_ack;
	struct filter  *filters; /* of changes of tables */
	size_t          filters_n;
	const char     *presence_key; /* by which others know it */
	struct arena   *presence;     /* holds what it tells of itself; NULL: nothing */
	struct span     told;
};

/* A message of a socket. */
void channels_take(struct ctx *cx, struct socket *s, const struct phoenix_message *m);

/* The socket is gone. */
void channels_leave_all(struct socket *s);

/* Each second: passes that have ended. */
void channels_tick(struct ctx *cx);

/* Asks whether people are still who they were; of one person, or (NULL) of all. */
void channels_ask_again(const char *sub);

/* Who is in a topic; NULL: nobody. */
struct topic *topic_find(const char *name);

/* Those whom all sessions, or changes of tables, concern; NULL: nobody. */
struct channel *channels_watching(void);

/* A message for members of one topic, written once for each version of the protocol. Begin with
 * the first three members; letter_end() when it was given to everybody. */
struct letter {
	struct topic  *topic;
	const char    *event; /* of the protocol */
	struct span    payload;
	struct parcel *written[2];
};
void letter_give(struct ctx *cx, struct letter *l, struct channel *c);
void letter_end(struct letter *l);

/* To all of a topic but one, who may be NULL. */
void letter_give_all(struct ctx *cx, struct letter *l, const struct channel *but);

/* The payload of a broadcast, with JSON in it. NULL where it became too large. */
struct span broadcast_payload(struct ctx *cx, const char *name, struct span json);

#endif
