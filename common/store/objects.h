/* objects.h -- the tables of files in buckets: what there is, and who may see it.
 *
 * All of this inside a transaction that says first who asks (access.h): the database decides what
 * of it is there for them (migrations/deploy/storage.sql). The bytes: object_files.h. */
#ifndef OBJECTS_H
#define OBJECTS_H

#include "../base/ctx.h"
#include "../base/str.h"
#include "object_files.h"

struct object {
	const char *id; /* NULL: a folder */
	const char *bucket, *name;
	const char *version; /* of its bytes */
	const char *type, *etag, *cache_control;
	const char *metadata; /* JSON, as who put it there says */
	const char *owner;    /* NULL: the system */
	const char *created_at, *updated_at;
	int64_t     size;
};

/* The object of that name; *found_out false: there is none for who asks. */
struct err *objects_find(struct ctx *cx, const char *bucket, const char *name, struct object *out,
                         bool *found_out) CHECKED;

/* Is there such a bucket for who asks? */
struct err *objects_bucket_exists(struct ctx *cx, const char *bucket, bool *found_out) CHECKED;

struct bucket {
	const char *id, *created_at, *updated_at;
	const char *types; /* JSON: patterns of allowed types, [] for any */
	int64_t     size_max;
};

/* All, or that one (NULL: all). */
struct err *objects_buckets(struct ctx *cx, const char *id, struct bucket **out,
                            size_t *n_out) CHECKED;

struct object_listing {
	const char *bucket, *folder; /* with its '/', or "" */
	const char *begins;          /* names in it begin so, in any case; "" */
	const char *by;              /* "name", "created_at" or "updated_at" */
	bool        is_descending;
	int         limit, offset;
};

/* What is in a folder, folders of it included. */
struct err *objects_list(struct ctx *cx, const struct object_listing *in, struct object **out,
                         size_t *n_out) CHECKED;

struct object_put {
	const char               *bucket, *name;
	const struct object_file *file;
	const char               *type, *cache_control;
	const char               *metadata; /* JSON; NULL: {} */
	const char               *owner;    /* who asks; NULL: the service key, or the system */
	bool        by_system;  /* not by people: scribe_app puts it there, and replaces none */
	const char *session_id; /* by the system: whose recording it is; NULL: none */
	bool        is_upsert;  /* in the place of one that is there */
};

enum object_refusal {
	OBJECT_WELCOME,
	OBJECT_FORBIDDEN,
	OBJECT_NO_BUCKET,
	OBJECT_TOO_LARGE,
	OBJECT_WRONG_TYPE,
	OBJECT_NO_ROOM, /* for anybody */
	OBJECT_NO_ROOM_FOR_YOU
};

/* May it be put there by who asks, or by who has a link to the place (NULL: there is none)? With
 * `takes` nobody else takes the room until the transaction ends; without, nobody is waited for. */
struct err *objects_may_put(struct ctx *cx, const char *bucket, int64_t size, const char *type,
                            const struct hash *link, bool takes, enum object_refusal *out) CHECKED;

/* The same for the system, which may, and takes it. */
struct err *objects_have_room(struct ctx *cx, int64_t size, bool *has_out) CHECKED;

/* Its id; NULL: there is one of that name. */
struct err *objects_put(struct ctx *cx, const struct object_put *in, const char **id_out) CHECKED;

/* A file of the system, and where it is to be heard, in the row of what was said.
 * *is_kept_out false, and nothing is stored: nothing was said that it could belong to. */
struct err *objects_put_recording(struct ctx *cx, const struct object_put *in,
                                  const char *utterance_id, bool *is_kept_out) CHECKED;

/* The same by a link, which says where and for whom. NULL: the name is taken, or the link is over.
 * */
struct err *objects_put_by_link(struct ctx *cx, const struct hash *link,
                                const struct object_put *in, const char **id_out) CHECKED;

/* Removes those of a JSON list of names that are there for who asks; these are told. The bytes are
 * removed by a job. */
struct err *objects_remove(struct ctx *cx, const char *bucket, const char *names,
                           struct object **out, size_t *n_out) CHECKED;

/* Gives it another name, or bucket. *found_out false: there is nothing that who asks may move.
 * ERR_CONFLICT: the new name is taken. */
struct err *objects_move(struct ctx *cx, const struct object *from, const char *to_bucket,
                         const char *to_name, bool *found_out) CHECKED;

/* ---- links ---- */

#define OBJECT_LINK_SECONDS_MAX INT64_C(604800) /* seven days */
#define OBJECT_PLACE_SECONDS    7200

/* What stands in a link, and the hash that is kept of it. */
const char *object_link_new(struct ctx *cx, struct hash *hash_out) NEVER_NULL;
struct hash object_link_hash(const char *token);

/* Makes links of the hashes, as they stand in order beside the objects. */
struct err *objects_link(struct ctx *cx, const struct object *objects, const struct hash *hashes,
                         size_t n, int64_t seconds, const char *made_by) CHECKED;

/* A link to a place. */
struct err *objects_link_place(struct ctx *cx, const char *bucket, const char *name, bool is_upsert,
                               const struct hash *hash, const char *made_by) CHECKED;

/* What a link is for; *found_out false: it is over, or never was. */
struct err *objects_linked(struct ctx *cx, const struct hash *hash, struct object *out,
                           bool *found_out) CHECKED;
struct err *objects_linked_place(struct ctx *cx, const struct hash *hash, const char **bucket_out,
                                 const char **name_out, bool *found_out) CHECKED;

/* Tells the audit log that these were opened ("file_read") or linked ("file_linked") by who asks,
 * or opened by who has the link (NULL: none): of recordings and lists alone. */
struct err *objects_audit(struct ctx *cx, const char *what, const struct object *objects, size_t n,
                          const struct hash *link) CHECKED;

/* ---- for jobs ---- */

/* A list that is asked for; of what began between the two, in ms of Unix time (NULL: whenever). */
struct object_export {
	const char    *what, *format;
	const int64_t *since, *until;
};

/* Asks for it; where it will be. NULL: not for who asks. ERR_RATE: several of theirs are being
 * made. */
struct err *objects_export(struct ctx *cx, const struct object_export *in,
                           const char **name_out) CHECKED;

/* Up to `most` versions of bytes that no row has any more, the oldest first, behind the first
 * `skip`; as removed. */
struct err *objects_gone(struct ctx *cx, int most, size_t skip, const char ***versions_out,
                         size_t *n_out) CHECKED;
struct err *objects_forget_gone(struct ctx *cx, const char *versions) CHECKED; /* a JSON list */

/* Sets `gone` of those files that no row tells of. */
struct err *objects_unknown(struct ctx *cx, struct object_files *files) CHECKED;

/* Removes what is over, up to so many rows; *n_out is how many went. */
struct err *objects_expire(struct ctx *cx, int most, int64_t *n_out) CHECKED;

#endif
