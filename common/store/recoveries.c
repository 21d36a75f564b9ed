/* recoveries.c -- the recoveries table. */
#include "recoveries.h"

#include "../db/db.h"
#include "common/store/job_insert.sql.h"
#include "common/store/job_once.sql.h"
#include "people.h"

/* Who asks for one, when nobody is signed in. */
#define ACTOR "auth"

static struct err *add_person(struct ctx *cx, const char *email, const char **id_out)
{
	return people_add(cx, &(struct member_new){.email = email}, ACTOR, id_out);
}

struct err *recovery_begin(struct ctx *cx, const char *email, const char *redirect_to,
                           int64_t life_s, bool is_new)
{
	struct member member = {.id = NULL};
	bool          is_there;

	TRY(people_by_email(cx, email, &member, &is_there));
	if (!is_there && is_new)
		TRY(add_person(cx, email, &member.id));
	if (!member.id || member.disabled_at)
		return NULL;
	return db_exec(cx, NULL,
	               "with made as (insert into recoveries (person, redirect_to, ends_at)"
	               "  values ($1::uuid, $2, now() + $3::bigint * interval '1 s') returning id)"
	               " " JOB_INSERT_SQL " select '" RECOVERY_JOB
	               "', id::text, '{}'::jsonb, null::uuid"
	               " from made " JOB_ONCE_SQL,
	               ARGS(db_text(member.id), db_text(redirect_to), db_int(life_s)));
}

struct err *recovery_look(struct ctx *cx, const char *id, struct recovery *out, bool *found_out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows,
	             "select r.id, r.person, r.redirect_to, extract(epoch from r.ends_at)::bigint,"
	             "  r.used_at is null and r.ends_at > now() and p.disabled_at is null"
	             " from recoveries r join people p on p.id = r.person where r.id = $1::uuid",
	             ARGS(db_text(id))));
	*found_out = rows.count > 0;
	if (*found_out)
		*out =
			(struct recovery){row_text(&rows, 0, 0), row_text(&rows, 0, 1), row_text(&rows, 0, 2),
		                      row_int(&rows, 0, 3), row_bool(&rows, 0, 4)};
	return NULL;
}

struct err *recovery_use(struct ctx *cx, const char *id, bool *used_out)
{
	int64_t n;

	TRY(db_exec(cx, &n,
	            "with used as (update recoveries set used_at = now() where id = $1::uuid"
	            "  and used_at is null and ends_at > now() returning person),"
	            " others as (update recoveries set used_at = now() where id <> $1::uuid"
	            "  and person = (select person from used) and used_at is null)"
	            " update people set confirmed_at = coalesce(confirmed_at, now())"
	            " where id = (select person from used) and disabled_at is null",
	            ARGS(db_text(id))));
	*used_out = n > 0;
	return NULL;
}

struct err *recovery_sent(struct ctx *cx, const char *id)
{
	return db_exec(cx, NULL, "update recoveries set sent_at = now() where id = $1::uuid",
	               ARGS(db_text(id)));
}
