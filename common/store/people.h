/* people.h -- the people table: who may sign in, with a sealed address and a sealed hash of a
 * password. Changes of who they are and what they may are in the audit log, by the same
 * statement. */
#ifndef STORE_PEOPLE_H
#define STORE_PEOPLE_H

#include "../base/crypto.h"
#include "../base/ctx.h"

/* What is known of one; times are ISO 8601 in UTC, NULL where there is none. */
struct member {
	const char *id, *email, *name;
	const char *role;     /* "owner", "admin", "viewer"; what it is worth only once admitted */
	const char *password; /* as crypto_password() made it; NULL: none was chosen yet */
	const char *sealed_password; /* as it rests: of no two that were chosen the same */
	const char *confirmed_at, *admitted_at, *disabled_at, *signed_in_at, *created_at, *updated_at;
};

/* A keyed hash of an address, whether anybody has it or not, for what is counted by account. False
 * without a data key: nobody can sign in then. */
bool people_hash(struct ctx *cx, const char *email, struct hash *out) CHECKED;

/* By a normalised address (contact.h), by id, or by id and a session of theirs that is not over.
 * *found_out is false when there is none. ERR_UNAVAILABLE without a data key. */
struct err *people_by_email(struct ctx *cx, const char *email, struct member *out,
                            bool *found_out) CHECKED;
struct err *people_by_id(struct ctx *cx, const char *id, struct member *out,
                         bool *found_out) CHECKED;
struct err *people_by_session(struct ctx *cx, const char *id, const char *session_id,
                              struct member *out, bool *found_out) CHECKED;

/* From the `offset`th on, in the order they came, at most `most`, without passwords; how many there
 * are in all. An address that does not open is NULL: one such row hides nobody else. */
struct err *people_list(struct ctx *cx, int most, int64_t offset, const struct member **out,
                        size_t *n_out, int64_t *all_out) CHECKED;

/* An address as it rests at `id`, opened; NULL where it does not open. */
const char *people_address(struct ctx *cx, const char *id, const char *sealed);

struct member_new {
	const char *email;    /* normalised */
	const char *password; /* as crypto_password() made it; NULL: none yet */
	const char *name;     /* NULL: none */
	const char *role;     /* NULL: viewer */
	bool        is_confirmed, is_admitted;
};

/* *id_out is NULL when somebody has that address. */
struct err *people_add(struct ctx *cx, const struct member_new *in, const char *actor,
                       const char **id_out) CHECKED;

/* What is NULL stays. */
struct member_change {
	const char *email;    /* normalised; as with a password, mailed links open nothing any more */
	const char *password; /* as crypto_password() made it; all their sessions but `keep` end */
	const char *keep;     /* NULL: none is kept */
	const char *role;     /* admits them, too */
	enum { MEMBER_AS_IS, MEMBER_ENABLE, MEMBER_DISABLE } access; /* disabling ends all sessions */
	bool is_confirmed;
};

/* *found_out is false when there is nobody of that id. ERR_CONFLICT when somebody else has the
 * address. */
struct err *people_change(struct ctx *cx, const char *id, const struct member_change *in,
                          const char *actor, bool *found_out) CHECKED;

/* With all that hangs on them. */
struct err *people_remove(struct ctx *cx, const char *id, const char *actor,
                          bool *found_out) CHECKED;

#endif
