/* mailboxes.c -- the mailboxes table. */
#include "mailboxes.h"

#include "../base/crypto.h"
#include "../base/vault.h"
#include "../db/db.h"
#include "../domain/who/contact.h"
#include "common/store/mailbox_place.sql.h"

#define PURPOSE "mailbox"

struct span mailbox_hash(struct ctx *cx, struct span digest)
{
	struct hash *hash = NEW(cx->arena, struct hash);

	return vault_hash(PURPOSE, digest, hash) ? hash_span(hash) : (struct span){NULL, 0};
}

static struct span former_hash(struct ctx *cx, struct span digest)
{
	struct hash *hash = NEW(cx->arena, struct hash);

	return vault_former_hash(PURPOSE, digest, hash) ? hash_span(hash) : (struct span){NULL, 0};
}

bool mailbox_of(struct ctx *cx, const char *email, struct mailbox *out)
{
	struct hash digest = HASH(PURPOSE, span_of(contact_mailbox(cx, email)));
	struct buf  row = buf_new(cx->arena, 0);

	*out = (struct mailbox){
		.hash = mailbox_hash(cx, hash_span(&digest)),
		.former_hash = former_hash(cx, hash_span(&digest)),
	};
	if (!out->hash.ptr)
		return false;
	buf_hex(&row, out->hash.ptr, out->hash.len);
	out->sealed =
		vault_seal(cx->arena, PLACE("mailboxes", "sealed", buf_text(&row)), hash_span(&digest));
	return true;
}

static struct err *place(struct ctx *cx, const char *id, const char *hash, const char *sealed)
{
	struct place   at = {"email_signups", "email", hash};
	struct span    email;
	struct mailbox box;

	if (!vault_open(cx->arena, at, sealed, &email) || !mailbox_of(cx, email.ptr, &box))
		return NULL;
	return db_exec(cx, NULL, MAILBOX_PLACE_SQL,
	               ARGS(db_text(id), db_bytes(box.hash), db_bytes(box.former_hash),
	                    db_text(box.sealed)));
}

struct err *mailboxes_place(struct ctx *cx, int batch, const char **last_id, bool *is_over_out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows,
	             "select id, encode(email_hash, 'hex'), email from email_signups"
	             " where mailbox_id is null and id > $1::uuid order by id limit $2::int",
	             ARGS(db_text(*last_id), db_int(batch))));
	for (int i = 0; i < rows.count; i++) {
		*last_id = row_text(&rows, i, 0);
		TRY(place(cx, *last_id, row_text(&rows, i, 1), row_text(&rows, i, 2)));
	}
	*is_over_out = rows.count < batch;
	return NULL;
}
