/* emails.c -- the email_signups table. */
#include "emails.h"

#include "../base/str.h"
#include "../base/vault.h"
#include "../db/db.h"
#include "common/store/audit_insert.sql.h"
#include "common/store/mail_count.sql.h"
#include "common/store/signup_decide.sql.h"
#include "common/store/signup_record.sql.h"
#include "mailboxes.h"
#include "sealed.h"

#define REPEAT_SECONDS (INT64_C(7) * 24 * 3600)
#define COL_HASH       5 /* of signup_for_mail() */

bool email_hash(struct ctx *cx, const char *address, struct hash *out)
{
	return vault_hash("email", str_lower_secret(cx->arena, address), out);
}

/* A sign-up's row is told from others by its address: by the hash of that. */
static struct place at_signup(struct ctx *cx, const char *column, const struct hash *address)
{
	struct buf row = buf_new(cx->arena, 0);

	buf_hex(&row, address->bytes, CRYPTO_HASH_BYTES);
	return PLACE("email_signups", column, buf_text(&row));
}

/* What is kept of a sign-up, for each place where it is. */
struct signup_columns {
	const char *email, *name, *session_email, *session_name, *names;
	const char *given_id, *given_name;
};

static void seal_name(struct ctx *cx, const struct signup_new *in, struct signup_columns *out)
{
	out->given_id = sealed_row_id(cx);
	out->given_name = vault_seal(cx->arena, AT_GIVEN_NAME(out->given_id), span_of(in->name));
	out->session_name =
		vault_seal(cx->arena, AT_SESSION("contact_name", in->session_id), span_of(in->name));
}

static struct err *seal_columns(struct ctx *cx, const struct signup_new *in,
                                const struct hash *address, struct signup_columns *out)
{
	struct names names = {.n = 0};

	*out = (struct signup_columns){
		.email = vault_seal(cx->arena, at_signup(cx, "email", address), span_of(in->email))};
	if (in->name)
		out->name = vault_seal(cx->arena, at_signup(cx, "name", address), span_of(in->name));
	if (!in->session_id)
		return NULL;
	out->session_email =
		vault_seal(cx->arena, AT_SESSION("email", in->session_id), span_of(in->email));
	if (in->name)
		seal_name(cx, in, out);
	names_add(cx, &names, in->name);
	return names_seal(cx, in->session_id, &names, &out->names);
}

struct err *signup_record(struct ctx *cx, const struct signup_new *in, struct signup *out)
{
	struct hash           present, former = {{0}};
	struct signup_columns c;
	bool                  has_former;
	struct mailbox        box;
	struct db_rows        rows;

	if (!email_hash(cx, in->email, &present) || !mailbox_of(cx, in->email, &box))
		FAIL(cx, ERR_UNAVAILABLE, "SCRIBE_DATA_KEY is not set: contact data can not be kept");
	TRY(seal_columns(cx, in, &present, &c));
	has_former = vault_former_hash("email", str_lower_secret(cx->arena, in->email), &former);
	TRY(db_query(cx, &rows, SIGNUP_RECORD_SQL,
	             ARGS(db_text(c.email), db_bytes(hash_span(&present)),
	                  has_former ? db_bytes(hash_span(&former)) : db_text(NULL), db_text(c.name),
	                  db_text(in->signup_type), db_text(in->session_id), db_int(REPEAT_SECONDS),
	                  db_text(c.names), db_bytes(box.hash), db_bytes(box.former_hash),
	                  db_text(box.sealed), db_text(c.session_email), db_text(c.session_name),
	                  db_text(c.given_id), db_text(c.given_name))));
	*out = (struct signup){row_text(&rows, 0, 0), row_bool(&rows, 0, 1), row_bool(&rows, 0, 2)};
	return NULL;
}

static struct err *open_column(struct ctx *cx, const char *column, const struct db_rows *rows,
                               int col, const char **out)
{
	struct place at = {"email_signups", column, row_text(rows, 0, COL_HASH)};
	struct span  plain;

	*out = NULL;
	if (row_is_null(rows, 0, col))
		return NULL;
	if (!vault_open(cx->arena, at, row_text(rows, 0, col), &plain))
		FAIL(cx, ERR_INTERNAL, "a sealed column does not open with the keys there are");
	*out = plain.ptr;
	return NULL;
}

struct err *signup_for_mail(struct ctx *cx, const char *id, const char *actor,
                            struct signup_mail *out, bool *found_out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows,
	             "with found as materialized (select * from email_signups where id = $1::uuid),"
	             " audited as (" AUDIT_INSERT_SQL " select $2, 'contact_read',"
	             "  'email_signups:' || id, session_id from found)"
	             " select f.id, email, name,"
	             "  (1000000 * extract(epoch from f.mail_queued_at))::bigint,"
	             "  status = 'active' and refused_at is null"
	             "   and coalesce(mail_sent_at < f.mail_queued_at, true),"
	             "  encode(email_hash, 'hex')"
	             "  from found f left join mailboxes b on b.id = mailbox_id",
	             ARGS(db_text(id), db_text(actor))));
	*found_out = rows.count > 0;
	if (!*found_out)
		return NULL;
	*out = (struct signup_mail){
		.id = row_text(&rows, 0, 0),
		.queued_at_us = row_int(&rows, 0, 3),
		.is_wanted = row_bool(&rows, 0, 4),
	};
	TRY(open_column(cx, "email", &rows, 1, &out->email));
	return open_column(cx, "name", &rows, 2, &out->name);
}

struct err *signup_mail_count(struct ctx *cx, const char *id, int64_t per_day, bool *granted_out,
                              uint64_t *wait_ms_out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows, MAIL_COUNT_SQL, ARGS(db_text(id), db_int(per_day))));
	*granted_out = row_bool(&rows, 0, 0);
	*wait_ms_out = (uint64_t)row_int(&rows, 0, 1);
	return NULL;
}

struct err *signup_mail_sent(struct ctx *cx, const char *id)
{
	return db_exec(cx, NULL,
	               "update email_signups set mail_sent_at = greatest(now(), mail_queued_at)"
	               " where id = $1::uuid",
	               ARGS(db_text(id)));
}

struct err *signup_bounced(struct ctx *cx, const char *id, const char *actor)
{
	return db_exec(cx, NULL,
	               "with bounced as (update email_signups set status = 'bounced',"
	               "  bounced_at = now() where id = $1::uuid and status <> 'bounced'"
	               "  returning id, session_id) " AUDIT_INSERT_SQL
	               " select $2, 'contact_bounced', 'email_signups:' || id, session_id from bounced",
	               ARGS(db_text(id), db_text(actor)));
}

struct err *signup_standing(struct ctx *cx, const char *id, enum signup_standing *out,
                            bool *found_out)
{
	struct db_rows rows;
	const char    *status;

	TRY(db_query(cx, &rows,
	             "select status from email_signups where id = $1::uuid"
	             " union all select 'unsubscribed' from mailboxes where former_signups <> '{}'"
	             "  and former_signups @> array[$1::uuid] and refused_at is not null",
	             ARGS(db_text(id))));
	*found_out = rows.count > 0;
	if (!*found_out)
		return NULL;
	status = row_text(&rows, 0, 0);
	*out = str_equal(status, "confirmed")      ? SIGNUP_CONFIRMED
	       : str_equal(status, "unsubscribed") ? SIGNUP_UNSUBSCRIBED
	                                           : SIGNUP_OPEN;
	return NULL;
}

struct err *signup_decide(struct ctx *cx, const char *id, enum signup_decision decision,
                          enum signup_found *found_out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows, SIGNUP_DECIDE_SQL,
	             ARGS(db_text(id), db_bool(decision == SIGNUP_CONFIRM))));
	*found_out = !rows.count             ? SIGNUP_NONE
	             : row_bool(&rows, 0, 0) ? SIGNUP_FORGOTTEN
	                                     : SIGNUP_THERE;
	return NULL;
}
