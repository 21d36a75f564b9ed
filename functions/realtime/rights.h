/* rights.h -- who may be in which channel, and as what. */
#ifndef RIGHTS_H
#define RIGHTS_H

#include "../../common/base/crypto.h"
#include "../../common/base/ctx.h"

/* A channel's name without what realtime-js puts before it. */
enum topic_kind {
	TOPIC_SESSION, /* session:<id>, one session's */
	TOPIC_ADMIN,   /* admin:..., what happens in all of them */
	TOPIC_ROOM     /* any other: changes of tables, and what people tell each other */
};
enum topic_kind topic_kind(const char *name);

/* The session's id in its channel's name; NULL for other channels. */
const char *topic_session(const char *name);

/* In what somebody may see, each more than the one before. */
enum standing {
	STANDING_NONE,
	STANDING_VISITOR, /* the session is theirs */
	STANDING_VIEWER,  /* a person who may look: rooms */
	STANDING_ADMIN    /* and who may all: admins, owners, the service key */
};

/* What lets somebody into a channel. sub and session_id are "" but for people. */
struct pass {
	enum standing standing;
	int64_t       ends_at_ms; /* Unix time */
	char          sub[CRYPTO_UUID_CHARS + 1], session_id[CRYPTO_UUID_CHARS + 1];
	bool          is_person; /* whose role may change: ask again now and then */
};

/* Events that only the program tells are not said by visitors, whatever the case of their letters:
 * realtime-js takes no notice of it. */
bool rights_may_say(enum standing standing, const char *event);

/* What a token proves at this moment, for as many channels as are asked of; then what that is good
 * for in one of them. Waits for the database where it is a person's. ERR_UNAVAILABLE. */
struct proof {
	struct pass pass;    /* but for its standing */
	const char *role;    /* of a person, or as good as; NULL: none */
	const char *channel; /* the only one; NULL: none */
};
struct err *rights_prove(struct ctx *cx, const char *token, struct proof *out) CHECKED;
struct pass rights_in(const struct proof *p, const char *name);

/* Both: what a token is good for in the channel of that name, at this moment; STANDING_NONE where
 * it proves nothing. Waits for the database where it is a person's (rights_needs_database).
 * ERR_UNAVAILABLE. */
struct err *rights_of(struct ctx *cx, const char *token, const char *name,
                      struct pass *out) CHECKED;
bool        rights_need_database(struct ctx *cx, const char *token);

/* Is a person whom a pass let in still who they were? Sets its standing anew. ERR_UNAVAILABLE. */
struct err *rights_again(struct ctx *cx, const char *name, struct pass *pass) CHECKED;

#endif
