/* paces.c -- the send_paces table. */
#include "paces.h"

#include "../db/db.h"

/* The row is locked before it is read, so two workers never see the same place. */
struct err *pace_take(struct ctx *cx, const char *channel, unsigned interval_ms, unsigned most_ms,
                      bool *granted_out, unsigned *wait_ms_out)
{
	struct db_rows rows;

	TRY(db_exec(cx, NULL, "insert into send_paces (channel) values ($1) on conflict do nothing",
	            ARGS(db_text(channel))));
	TRY(db_query(cx, &rows,
	             "with locked as materialized (select channel, next_at, held_until"
	             "  from send_paces where channel = $1 for update),"
	             " place as materialized (select channel, clock_timestamp() as seen_at,"
	             "  greatest(next_at, held_until, clock_timestamp()) as at from locked),"
	             " taken as (update send_paces p"
	             "  set next_at = place.at + $2::bigint * interval '1 ms' from place"
	             "  where p.channel = place.channel"
	             "  and place.at <= place.seen_at + $3::bigint * interval '1 ms' returning true)"
	             " select exists (select from taken),"
	             "  ceil(1000 * extract(epoch from at - seen_at))::bigint from place",
	             ARGS(db_text(channel), db_int(interval_ms), db_int(most_ms))));
	*granted_out = row_bool(&rows, 0, 0);
	*wait_ms_out = (unsigned)row_int(&rows, 0, 1);
	return NULL;
}

struct err *pace_hold(struct ctx *cx, const char *channel, unsigned ms)
{
	return db_exec(cx, NULL,
	               "insert into send_paces as p (channel, held_until)"
	               " values ($1, clock_timestamp() + $2::bigint * interval '1 ms')"
	               " on conflict (channel) do update"
	               " set held_until = greatest(p.held_until, excluded.held_until)",
	               ARGS(db_text(channel), db_int(ms)));
}
