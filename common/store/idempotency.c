/* idempotency.c -- the idempotency_keys table. */
#include "idempotency.h"

#include "../base/str.h"
#include "../db/db.h"
#include "common/store/idempotency_take.sql.h"

static struct span without_quotes(struct span key)
{
	key = span_trim(key);
	if (key.len >= 2 && key.ptr[0] == '"' && key.ptr[key.len - 1] == '"')
		return (struct span){key.ptr + 1, key.len - 2};
	return key;
}

static struct err *check_key(struct ctx *cx, struct span bare, bool is_proven)
{
	if (bare.len == 0 || bare.len > IDEMPOTENCY_KEY_MAX)
		FAIL_FIELD(cx, "Idempotency-Key", "must have 1 to %d characters", IDEMPOTENCY_KEY_MAX);
	if (!is_proven && bare.len < IDEMPOTENCY_KEY_UNPROVEN_MIN)
		FAIL_FIELD(cx, "Idempotency-Key",
		           "must have %d characters, as a UUID has, without a session or a signed token",
		           IDEMPOTENCY_KEY_UNPROVEN_MIN);
	return NULL;
}

struct err *idempotent_of(struct ctx *cx, const struct idempotent_request *in,
                          struct idempotent *out)
{
	struct span bare = without_quotes(span_of(in->key));
	char       *claim = arena_alloc(cx->arena, CRYPTO_UUID_CHARS + 1);

	TRY(check_key(cx, bare, in->is_proven));
	crypto_uuid(claim);
	*out = (struct idempotent){
		.claim = claim,
		.function = in->function,
		.scope = in->scope,
		.key_hash = HASH("idem_key", bare),
		.payload_hash = HASH("idem_payload", in->query, in->payload),
		.seal_key = HASH("idem_seal", bare, in->query, in->payload),
	};
	return NULL;
}

/* One function's answer is no other's, whoever may write in the table. */
static struct span place_of(struct ctx *cx, const struct idempotent *it)
{
	return span_of(arena_printf(cx->arena, "idempotency_keys body %s %s", it->function, it->scope));
}

static bool open_body(struct ctx *cx, const struct idempotent *it, struct span sealed,
                      struct span *out)
{
	const unsigned char *key = it->seal_key.bytes;

	/* The second kept by a program of before, for a day. */
	return crypto_open(cx->arena, key, place_of(cx, it), sealed, out) ||
	       crypto_open_unbound(cx->arena, key, sealed, out);
}

static struct err *read_answer(struct ctx *cx, const struct idempotent *it,
                               const struct db_rows *rows, const struct stored_answer **out)
{
	struct stored_answer *answer = NEW(cx->arena, struct stored_answer);

	answer->status = (int)row_int(rows, 0, 3);
	answer->content_type = row_text(rows, 0, 4);
	if (!open_body(cx, it, row_bytes(cx, rows, 0, 5), &answer->body))
		FAIL(cx, ERR_INTERNAL, "a stored answer does not open");
	*out = answer;
	return NULL;
}

struct err *idempotency_take(struct ctx *cx, const struct idempotent *it, unsigned lock_ms,
                             const struct stored_answer **replay_out)
{
	struct db_rows rows;

	*replay_out = NULL;
	TRY(db_query(cx, &rows, IDEMPOTENCY_TAKE_SQL,
	             ARGS(db_text(it->function), db_text(it->scope), db_bytes(hash_span(&it->key_hash)),
	                  db_bytes(hash_span(&it->payload_hash)), db_int(lock_ms),
	                  db_text(it->instance), db_text(it->claim))));
	if (row_bool(&rows, 0, 0))
		return NULL;
	/* Nothing to see: the row was committed by another after our snapshot began. */
	if (row_is_null(&rows, 0, 1))
		FAIL(cx, ERR_CONFLICT, "the key was taken this moment");
	if (!row_bool(&rows, 0, 1))
		FAIL(cx, ERR_IDEMPOTENCY, "the key belongs to another payload");
	if (!str_equal(row_text(&rows, 0, 2), "done"))
		FAIL(cx, ERR_CONFLICT, "the same request is running");
	return read_answer(cx, it, &rows, replay_out);
}

struct err *idempotency_store(struct ctx *cx, const struct idempotent *it,
                              const struct stored_answer *answer)
{
	struct span sealed = crypto_seal(cx->arena, it->seal_key.bytes, place_of(cx, it), answer->body);

	return db_exec(cx, NULL,
	               "with surplus as (delete from idempotency_keys"
	               " where (function, scope, key_hash) in (select function, scope, key_hash"
	               "  from idempotency_keys where function = $1 and scope = $2 and state = 'done'"
	               "  order by created_at desc offset $8::int - 1 for update skip locked)) "
	               "update idempotency_keys set state = 'done', status = $4::int,"
	               " content_type = $5, body = $6::bytea"
	               " where function = $1 and scope = $2 and key_hash = $3::bytea"
	               " and claim = $7::uuid",
	               ARGS(db_text(it->function), db_text(it->scope),
	                    db_bytes(hash_span(&it->key_hash)), db_int(answer->status),
	                    db_text(answer->content_type), db_bytes(sealed), db_text(it->claim),
	                    db_int(IDEMPOTENCY_KEPT_MAX)));
}

struct err *idempotency_release(struct ctx *cx, const struct idempotent *it)
{
	struct db_rows rows;

	return idempotency_abandon(cx, arena_printf(cx->arena, "{%s}", it->claim), &rows);
}

struct err *idempotency_abandon(struct ctx *cx, const char *claims, struct db_rows *rows_out)
{
	return db_query(cx, rows_out,
	                "delete from idempotency_keys"
	                " where state = 'running' and claim = any ($1::uuid[]) returning claim",
	                ARGS(db_text(claims)));
}

struct err *idempotency_taken_over(struct ctx *cx, const char *claims, struct db_rows *rows_out)
{
	return db_query(cx, rows_out,
	                "select c from unnest($1::uuid[]) c where not exists ("
	                " select from idempotency_keys k where k.state = 'running' and k.claim = c)",
	                ARGS(db_text(claims)));
}
