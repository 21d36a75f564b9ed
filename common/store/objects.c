/* objects.c -- statements on files in buckets. */
#include "objects.h"

#include "../base/json_in.h"
#include "../base/json_out.h"
#include "../db/db.h"
#include "common/store/object_list.sql.h"

#define LINK_BYTES 24
#define AT(column) "to_json(" column ") #>> '{}'"
#define OBJECT_COLUMNS \
	"id, bucket_id, name, version, size, type, etag, cache_control, " AT("updated_at")
#define OBJECT_COLUMNS_MORE ", metadata, put_by, " AT("created_at")

enum {
	COL_ID,
	COL_BUCKET,
	COL_NAME,
	COL_VERSION,
	COL_SIZE,
	COL_TYPE,
	COL_ETAG,
	COL_CACHE,
	COL_UPDATED,
	COL_METADATA,
	COL_OWNER,
	COL_CREATED
};

static struct object read_common(const struct db_rows *rows, int row)
{
	return (struct object){.id = row_text(rows, row, COL_ID),
	                       .bucket = row_text(rows, row, COL_BUCKET),
	                       .name = row_text(rows, row, COL_NAME),
	                       .version = row_text(rows, row, COL_VERSION),
	                       .size = row_int(rows, row, COL_SIZE),
	                       .type = row_text(rows, row, COL_TYPE),
	                       .etag = row_text(rows, row, COL_ETAG),
	                       .cache_control = row_text(rows, row, COL_CACHE),
	                       .updated_at = row_text(rows, row, COL_UPDATED)};
}

static struct object read_object(const struct db_rows *rows, int row)
{
	struct object o = read_common(rows, row);

	o.metadata = row_text(rows, row, COL_METADATA);
	o.owner = row_text(rows, row, COL_OWNER);
	o.created_at = row_text(rows, row, COL_CREATED);
	return o;
}

static void read_objects(struct ctx *cx, const struct db_rows *rows, struct object **out,
                         size_t *n_out)
{
	*n_out = (size_t)rows->count;
	*out = NEW_ARRAY(cx->arena, struct object, *n_out + 1);
	for (int i = 0; i < rows->count; i++)
		(*out)[i] = read_object(rows, i);
}

struct err *objects_find(struct ctx *cx, const char *bucket, const char *name, struct object *out,
                         bool *found_out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows,
	             "select " OBJECT_COLUMNS OBJECT_COLUMNS_MORE
	             " from storage_objects where bucket_id = $1::text and name = $2::text",
	             ARGS(db_text(bucket), db_text(name))));
	*found_out = rows.count > 0;
	if (*found_out)
		*out = read_object(&rows, 0);
	return NULL;
}

struct err *objects_buckets(struct ctx *cx, const char *id, struct bucket **out, size_t *n_out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows,
	             "select id, size_max, to_json(types), created_at, updated_at from (select id,"
	             "  size_max, types, " AT("created_at") " as created_at, " AT(
					 "updated_at") "  as updated_at from storage_buckets) b"
	                               " where $1::text is null or id = $1::text order by id",
	             ARGS(db_text(id))));
	*n_out = (size_t)rows.count;
	*out = NEW_ARRAY(cx->arena, struct bucket, *n_out + 1);
	for (int i = 0; i < rows.count; i++)
		(*out)[i] = (struct bucket){.id = row_text(&rows, i, 0),
		                            .size_max = row_int(&rows, i, 1),
		                            .types = row_text(&rows, i, 2),
		                            .created_at = row_text(&rows, i, 3),
		                            .updated_at = row_text(&rows, i, 4)};
	return NULL;
}

struct err *objects_bucket_exists(struct ctx *cx, const char *bucket, bool *found_out)
{
	struct bucket *found;
	size_t         n;

	TRY(objects_buckets(cx, bucket, &found, &n));
	*found_out = n > 0;
	return NULL;
}

struct err *objects_list(struct ctx *cx, const struct object_listing *in, struct object **out,
                         size_t *n_out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows, OBJECT_LIST_SQL,
	             ARGS(db_text(in->bucket), db_text(in->folder), db_text(in->begins),
	                  db_int(in->limit), db_int(in->offset), db_text(in->by),
	                  db_bool(in->is_descending))));
	*n_out = (size_t)rows.count;
	*out = NEW_ARRAY(cx->arena, struct object, *n_out + 1);
	for (int i = 0; i < rows.count; i++)
		(*out)[i] = (struct object){.name = row_text(&rows, i, 0),
		                            .id = row_text(&rows, i, 1),
		                            .bucket = in->bucket,
		                            .version = row_text(&rows, i, 2),
		                            .size = row_int(&rows, i, 3),
		                            .type = row_text(&rows, i, 4),
		                            .etag = row_text(&rows, i, 5),
		                            .cache_control = row_text(&rows, i, 6),
		                            .created_at = row_text(&rows, i, 7),
		                            .updated_at = row_text(&rows, i, 8)};
	return NULL;
}

/* ---- putting ---- */

static struct db_val link_val(const struct hash *link)
{
	return db_bytes(link ? hash_span(link) : (struct span){NULL, 0});
}

static enum object_refusal refusal_of(const char *word)
{
	static const struct {
		const char         *word;
		enum object_refusal refusal;
	} known[] = {
		{"forbidden", OBJECT_FORBIDDEN}, {"bucket", OBJECT_NO_BUCKET},
		{"large", OBJECT_TOO_LARGE},     {"type", OBJECT_WRONG_TYPE},
		{"all", OBJECT_NO_ROOM},         {"person", OBJECT_NO_ROOM_FOR_YOU},
	};

	for (size_t i = 0; word && i < COUNT(known); i++)
		if (str_equal(known[i].word, word))
			return known[i].refusal;
	return word ? OBJECT_FORBIDDEN : OBJECT_WELCOME;
}

struct err *objects_may_put(struct ctx *cx, const char *bucket, int64_t size, const char *type,
                            const struct hash *link, bool takes, enum object_refusal *out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows,
	             "select storage_may_put($1::text, $2::bigint, $3::text, $4::bigint, $5::bigint,"
	             " $6::bytea, $7::bool)",
	             ARGS(db_text(bucket), db_int(size), db_text(type), db_int(storage_bytes_max()),
	                  db_int(storage_person_bytes_max()), link_val(link), db_bool(takes))));
	*out = refusal_of(row_text(&rows, 0, 0));
	return NULL;
}

struct err *objects_have_room(struct ctx *cx, int64_t size, bool *has_out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows,
	             "select storage_room($1::bigint, $2::bigint, $2::bigint, null, true) is null",
	             ARGS(db_int(size), db_int(storage_bytes_max()))));
	*has_out = row_bool(&rows, 0, 0);
	return NULL;
}

static const char *first_text(const struct db_rows *rows)
{
	return rows->count ? row_text(rows, 0, 0) : NULL;
}

/* Only the system says whose recording it is, and it replaces nothing: people have no right to that
 * column, and it has none to the others. */
struct err *objects_put(struct ctx *cx, const struct object_put *in, const char **id_out)
{
	struct db_rows rows;

#define COLUMNS "bucket_id, name, version, size, type, etag, cache_control, metadata, put_by"
#define VALUES  "$1, $2, $3::uuid, $4::bigint, $5, $6, $7, coalesce($8, '{}')::jsonb, $9::uuid"
	if (in->by_system) {
		TRY(db_query(cx, &rows,
		             "insert into storage_objects (" COLUMNS ", session_id)"
		             " values (" VALUES ", $10::uuid)"
		             " on conflict (bucket_id, name) do nothing returning id",
		             ARGS(db_text(in->bucket), db_text(in->name), db_text(in->file->version),
		                  db_int((int64_t)in->file->size), db_text(in->type),
		                  db_text(in->file->etag), db_text(in->cache_control),
		                  db_text(in->metadata), db_text(in->owner), db_text(in->session_id))));
		*id_out = first_text(&rows);
		return NULL;
	}
	TRY(db_query(cx, &rows,
	             "insert into storage_objects as o (" COLUMNS ") values (" VALUES ")"
	             " on conflict (bucket_id, name) do update set version = excluded.version,"
	             "  size = excluded.size, type = excluded.type, etag = excluded.etag,"
	             "  cache_control = excluded.cache_control, metadata = excluded.metadata"
	             "  where $10::boolean returning id",
	             ARGS(db_text(in->bucket), db_text(in->name), db_text(in->file->version),
	                  db_int((int64_t)in->file->size), db_text(in->type), db_text(in->file->etag),
	                  db_text(in->cache_control), db_text(in->metadata), db_text(in->owner),
	                  db_bool(in->is_upsert))));
#undef COLUMNS
#undef VALUES
	*id_out = first_text(&rows);
	return NULL;
}

/* The rows of a session that is just being forgotten are there, or not, for both statements. */
struct err *objects_put_recording(struct ctx *cx, const struct object_put *in,
                                  const char *utterance_id, bool *is_kept_out)
{
	const char *id = NULL;
	int64_t     n;

	TRY(db_exec(cx, &n,
	            "update utterances set audio_url = '/storage/v1/object/authenticated/'"
	            " || $3::text || '/' || $4::text where id = $1::uuid and session_id = $2::uuid",
	            ARGS(db_text(utterance_id), db_text(in->session_id), db_text(in->bucket),
	                 db_text(in->name))));
	if (n > 0)
		TRY(objects_put(cx, in, &id));
	*is_kept_out = id != NULL;
	return NULL;
}

struct err *objects_put_by_link(struct ctx *cx, const struct hash *link,
                                const struct object_put *in, const char **id_out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows,
	             "select storage_put_by_link($1::bytea, $2::uuid, $3::bigint, $4::text, $5::text,"
	             " $6::text)",
	             ARGS(link_val(link), db_text(in->file->version), db_int((int64_t)in->file->size),
	                  db_text(in->type), db_text(in->file->etag), db_text(in->cache_control))));
	*id_out = first_text(&rows);
	return NULL;
}

struct err *objects_remove(struct ctx *cx, const char *bucket, const char *names,
                           struct object **out, size_t *n_out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows,
	             "delete from storage_objects where bucket_id = $1::text"
	             " and name in (select jsonb_array_elements_text($2::jsonb))"
	             " returning " OBJECT_COLUMNS OBJECT_COLUMNS_MORE,
	             ARGS(db_text(bucket), db_text(names))));
	read_objects(cx, &rows, out, n_out);
	return NULL;
}

struct err *objects_move(struct ctx *cx, const struct object *from, const char *to_bucket,
                         const char *to_name, bool *found_out)
{
	int64_t n;

	TRY(db_exec(cx, &n,
	            "update storage_objects set bucket_id = $2::text, name = $3::text"
	            " where id = $1::uuid",
	            ARGS(db_text(from->id), db_text(to_bucket), db_text(to_name))));
	*found_out = n > 0;
	return NULL;
}

/* ---- links ---- */

struct hash object_link_hash(const char *token)
{
	return HASH("object-link", span_of(token));
}

const char *object_link_new(struct ctx *cx, struct hash *hash_out)
{
	unsigned char bytes[LINK_BYTES];
	struct buf    token = buf_new(cx->arena, 0);

	crypto_random(bytes, sizeof(bytes));
	buf_hex(&token, bytes, sizeof(bytes));
	*hash_out = object_link_hash(buf_text(&token));
	return buf_text(&token);
}

static const char *hex_of(struct ctx *cx, const struct hash *hash)
{
	struct buf hex = buf_new(cx->arena, 0);

	buf_hex(&hex, hash->bytes, sizeof(hash->bytes));
	return buf_text(&hex);
}

struct err *objects_link(struct ctx *cx, const struct object *objects, const struct hash *hashes,
                         size_t n, int64_t seconds, const char *made_by)
{
	struct json_out *j = json_new(cx->arena, 0);
	struct span      json;

	json_arr(j, NULL);
	for (size_t i = 0; i < n; i++) {
		json_arr(j, NULL);
		json_str(j, NULL, objects[i].id);
		json_str(j, NULL, hex_of(cx, &hashes[i]));
		json_end(j);
	}
	json_end(j);
	TRY(json_finish(cx, j, &json));
	return db_exec(cx, NULL,
	               "insert into storage_links (hash, object_id, made_by, expires_at)"
	               " select decode(e->>1, 'hex'), (e->>0)::uuid, $2::uuid,"
	               "  now() + $3::int * interval '1 second' from jsonb_array_elements($1::jsonb) e",
	               ARGS(db_text(json.ptr), db_text(made_by), db_int(seconds)));
}

struct err *objects_link_place(struct ctx *cx, const char *bucket, const char *name, bool is_upsert,
                               const struct hash *hash, const char *made_by)
{
	return db_exec(cx, NULL,
	               "insert into storage_links (hash, bucket_id, name, is_upsert, made_by,"
	               " expires_at) values ($1::bytea, $2::text, $3::text, $4::boolean, $5::uuid,"
	               " now() + $6::int * interval '1 second')",
	               ARGS(link_val(hash), db_text(bucket), db_text(name), db_bool(is_upsert),
	                    db_text(made_by), db_int(OBJECT_PLACE_SECONDS)));
}

struct err *objects_linked(struct ctx *cx, const struct hash *hash, struct object *out,
                           bool *found_out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows, "select " OBJECT_COLUMNS " from storage_linked($1::bytea)",
	             ARGS(link_val(hash))));
	*found_out = rows.count > 0;
	if (*found_out)
		*out = read_common(&rows, 0);
	return NULL;
}

struct err *objects_linked_place(struct ctx *cx, const struct hash *hash, const char **bucket_out,
                                 const char **name_out, bool *found_out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows, "select bucket_id, name from storage_place($1::bytea)",
	             ARGS(link_val(hash))));
	*found_out = rows.count > 0;
	*bucket_out = first_text(&rows);
	*name_out = rows.count ? row_text(&rows, 0, 1) : NULL;
	return NULL;
}

struct err *objects_audit(struct ctx *cx, const char *what, const struct object *objects, size_t n,
                          const struct hash *link)
{
	const char **ids = NEW_ARRAY(cx->arena, const char *, n + 1);
	const char  *json;

	for (size_t i = 0; i < n; i++)
		ids[i] = objects[i].id;
	TRY(json_texts(cx, ids, n, &json));
	return db_exec(cx, NULL,
	               "select storage_audit($1::text,"
	               " array(select jsonb_array_elements_text($2::jsonb)::uuid), $3::bytea)",
	               ARGS(db_text(what), db_text(json), link_val(link)));
}

/* ---- for jobs ---- */

static struct db_val time_val(const int64_t *ms)
{
	return ms ? db_int(*ms) : db_text(NULL);
}

struct err *objects_export(struct ctx *cx, const struct object_export *in, const char **name_out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows,
	             "select storage_export($1::text, $2::text, to_timestamp($3::bigint / 1000.0),"
	             " to_timestamp($4::bigint / 1000.0))",
	             ARGS(db_text(in->what), db_text(in->format), time_val(in->since),
	                  time_val(in->until))));
	*name_out = first_text(&rows);
	if (str_equal(*name_out, "many"))
		FAIL(cx, ERR_RATE, "several lists of theirs are being made");
	return NULL;
}

struct err *objects_gone(struct ctx *cx, int most, size_t skip, const char ***versions_out,
                         size_t *n_out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows,
	             "select version from storage_gone order by at, version limit $1::int"
	             " offset $2::bigint",
	             ARGS(db_int(most), db_int((int64_t)skip))));
	*n_out = (size_t)rows.count;
	*versions_out = NEW_ARRAY(cx->arena, const char *, *n_out + 1);
	for (int i = 0; i < rows.count; i++)
		(*versions_out)[i] = row_text(&rows, i, 0);
	return NULL;
}

struct err *objects_forget_gone(struct ctx *cx, const char *versions)
{
	return db_exec(cx, NULL,
	               "delete from storage_gone where version in"
	               " (select v::uuid from jsonb_array_elements_text($1::jsonb) v)",
	               ARGS(db_text(versions)));
}

struct err *objects_unknown(struct ctx *cx, struct object_files *files)
{
	const char    *json;
	struct db_rows rows;

	TRY(json_texts(cx, files->versions, files->n, &json));
	TRY(db_query(cx, &rows,
	             "select n - 1 from jsonb_array_elements_text($1::jsonb) with ordinality v (v, n)"
	             " where not exists (select from storage_objects where version = v::uuid)",
	             ARGS(db_text(json))));
	for (int i = 0; i < rows.count; i++)
		files->gone[row_int(&rows, i, 0)] = true;
	return NULL;
}

struct err *objects_expire(struct ctx *cx, int most, int64_t *n_out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows, "select storage_expire($1::int)", ARGS(db_int(most))));
	*n_out = row_int(&rows, 0, 0);
	return NULL;
}
