/* instances.c -- the instances table. */
#include "instances.h"

#include "common/store/lazy_commit.sql.h"

#include "../db/db.h"

struct err *instance_beat(struct ctx *cx, const struct instance *in)
{
	struct db_rows rows;

	return db_query(cx, &rows,
	                "with beat as (insert into instances (id, host, pid, program)"
	                "  values ($1::uuid, $2, $3::int, $4)"
	                "  on conflict (id) do update set beat_at = now())"
	                " select " LAZY_COMMIT_SQL,
	                ARGS(db_text(in->id), db_text(in->host), db_int(in->pid),
	                     db_text(in->program)));
}

struct err *instance_end(struct ctx *cx, const char *id)
{
	return db_exec(cx, NULL, "delete from instances where id = $1::uuid", ARGS(db_text(id)));
}
