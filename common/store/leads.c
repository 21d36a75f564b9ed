/* leads.c -- reading what sessions have told. */
#include "leads.h"

#include "../base/json_in.h"
#include "../domain/lead/lead_score.h"
#include "../db/db.h"
#include "common/store/audit_insert.sql.h"
#include "sealed.h"
#include "summaries.h"

#define ISO "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'"

enum lead_column {
	COL_ID,
	COL_STARTED,
	COL_ENDED,
	COL_CHANNEL,
	COL_CONSENT,
	COL_SCORE,
	COL_INTENT,
	COL_REASONS,
	COL_EXTRACT,
	COL_EXTRACT_ID,
	COL_CONTACT,
	COL_EMAIL,
	COL_NAME,
	COL_NOTES,
	COL_CTA,
	COL_SUMMARY,
	COL_SUMMARY_SEALED,
	COL_UTTERANCES,
	COL_WISHES
};

/* The extract of the turn that gave the score, else the newest. */
#define LEAD_COLUMNS \
	"select s.id, to_char(s.started_at at time zone 'UTC', " ISO ")," \
	" to_char(s.ended_at at time zone 'UTC', " ISO "), s.channel, s.consent, s.lead_score," \
	" s.final_intent, to_jsonb(s.lead_reasons), x.extract, x.id, x.contact_sealed," \
	" s.email, s.contact_name, s.notes, s.cta_chosen, m.executive_summary," \
	" m.sealed, s.utterance_count, w.wishes"
#define LEAD_JOINS \
	" left join summaries m on m.session_id = s.id" \
	" left join lateral (select e.id, contact_sealed, jsonb_build_object('intent', intent," \
	"  'confidence', confidence, 'entities', entities, 'followup_actions', followup_actions)" \
	"  as extract from extracts e where e.session_id = s.id" \
	"  order by (e.turn = s.lead_turn) desc nulls last, e.created_at desc limit 1) x on true" \
	" left join lateral (select string_agg(distinct kind, ', ' order by kind) as wishes" \
	"  from events v where v.session_id = s.id" \
	"  and kind in ('distress', 'threat', 'wants_erasure', 'wants_person', 'wants_refund')" \
	" ) w on true"

static const struct extract *read_extract(struct ctx *cx, const struct db_rows *rows, int row)
{
	struct extract *x;

	if (row_is_null(rows, row, COL_EXTRACT))
		return NULL;
	x = extract_parse(cx, span_of(row_text(rows, row, COL_EXTRACT)));
	if (x)
		extract_open(cx, row_text(rows, row, COL_EXTRACT_ID), row_bytes(cx, rows, row, COL_CONTACT),
		             x);
	return x;
}

static void read_reasons(struct ctx *cx, const char *json, struct lead *out)
{
	const struct cJSON *list;

	if (json_parse(cx, span_of(json), &list))
		return;
	out->reasons = NEW_ARRAY(cx->arena, const char *, json_count(list) + 1);
	for (const struct cJSON *item = json_first(list); item; item = json_next(item))
		if (json_type(item) == JSON_STRING)
			out->reasons[out->reasons_n++] = json_text_at(item, "");
}

static void read_lead(struct ctx *cx, const struct db_rows *rows, int row, struct lead *out)
{
	const char *id = row_text(rows, row, COL_ID);

	*out = (struct lead){
		.session_id = id,
		.started_at = row_text(rows, row, COL_STARTED),
		.ended_at = row_text(rows, row, COL_ENDED),
		.channel = row_text(rows, row, COL_CHANNEL),
		.consent = row_bool(rows, row, COL_CONSENT),
		.score = (int)row_int(rows, row, COL_SCORE),
		.priority = lead_priority((int)row_int(rows, row, COL_SCORE)),
		.intent = row_text(rows, row, COL_INTENT),
		.extract = read_extract(cx, rows, row),
		.email = sealed_open_text(cx, AT_SESSION("email", id), row_text(rows, row, COL_EMAIL)),
		.name = sealed_open_text(cx, AT_SESSION("contact_name", id), row_text(rows, row, COL_NAME)),
		.notes = sealed_open_text(cx, AT_SESSION("notes", id), row_text(rows, row, COL_NOTES)),
		.cta = row_text(rows, row, COL_CTA),
		.summary = summary_open_text(cx, id, row_text(rows, row, COL_SUMMARY),
	                                 row_text(rows, row, COL_SUMMARY_SEALED)),
		.utterances_n = (int)row_int(rows, row, COL_UTTERANCES),
		.wishes = row_text(rows, row, COL_WISHES),
	};
	read_reasons(cx, row_text(rows, row, COL_REASONS), out);
}

struct err *lead_of_session(struct ctx *cx, const char *session_id, const char *actor,
                            struct lead *out, bool *found_out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows,
	             "with s as materialized (select * from sessions where id = $1::uuid),"
	             " audited as (" AUDIT_INSERT_SQL " select $2, 'contact_read',"
	             "  'sessions:' || id, id from s) " LEAD_COLUMNS " from s" LEAD_JOINS,
	             ARGS(db_text(session_id), db_text(actor))));
	*found_out = rows.count > 0;
	if (*found_out)
		read_lead(cx, &rows, 0, out);
	return NULL;
}

struct err *leads_list(struct ctx *cx, const struct lead_filter *filter, const char *actor,
                       struct lead **out, size_t *n_out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows,
	             "with s as materialized (select * from sessions"
	             "  where ($1::timestamptz is null or started_at >= $1::timestamptz)"
	             "  and ($2::timestamptz is null or started_at < $2::timestamptz)"
	             "  and ($3::text is null or final_intent = $3) and lead_score >= $4::int"
	             "  order by lead_score desc, started_at desc limit $5::int),"
	             " audited as (" AUDIT_INSERT_SQL " select $6, 'contact_read',"
	             "  'sessions:' || id, id from s) " LEAD_COLUMNS " from s" LEAD_JOINS
	             " order by s.lead_score desc, s.started_at desc",
	             ARGS(db_text(filter->since), db_text(filter->until), db_text(filter->intent),
	                  db_int(filter->min_score), db_int(filter->limit), db_text(actor))));
	*n_out = (size_t)rows.count;
	*out = NEW_ARRAY(cx->arena, struct lead, *n_out + 1);
	for (int i = 0; i < rows.count; i++)
		read_lead(cx, &rows, i, &(*out)[i]);
	return NULL;
}

struct err *lead_transcript(struct ctx *cx, const char *session_id, int limit,
                            struct lead_line **out, size_t *n_out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows,
	             "select to_char(ts at time zone 'UTC', " ISO "), speaker,"
	             " case when in_distress then '(in distress)' else text end,"
	             " case when not in_distress then text_sealed end, id from ("
	             " select * from utterances where session_id = $1::uuid"
	             " order by position desc limit $2::int) u order by turn, position",
	             ARGS(db_text(session_id), db_int(limit))));
	*n_out = (size_t)rows.count;
	*out = NEW_ARRAY(cx->arena, struct lead_line, *n_out + 1);
	for (int i = 0; i < rows.count; i++) {
		const char *words = sealed_open(cx, AT_UTTERANCE(row_text(&rows, i, 4)),
		                                row_text(&rows, i, 2), row_bytes(cx, &rows, i, 3));

		(*out)[i] = (struct lead_line){row_text(&rows, i, 0), row_text(&rows, i, 1), words};
	}
	return NULL;
}

struct err *sessions_list(struct ctx *cx, const struct lead_filter *filter,
                          struct session_row **out, size_t *n_out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows,
	             "select id, to_char(started_at at time zone 'UTC', " ISO "),"
	             " to_char(ended_at at time zone 'UTC', " ISO "), channel, current_mode,"
	             " final_intent, consent, lead_score, utterance_count from sessions"
	             " where ($1::timestamptz is null or started_at >= $1::timestamptz)"
	             " and ($2::timestamptz is null or started_at < $2::timestamptz)"
	             " order by started_at desc limit $3::int",
	             ARGS(db_text(filter->since), db_text(filter->until), db_int(filter->limit))));
	*n_out = (size_t)rows.count;
	*out = NEW_ARRAY(cx->arena, struct session_row, *n_out + 1);
	for (int i = 0; i < rows.count; i++)
		(*out)[i] = (struct session_row){.session_id = row_text(&rows, i, 0),
		                                 .started_at = row_text(&rows, i, 1),
		                                 .ended_at = row_text(&rows, i, 2),
		                                 .channel = row_text(&rows, i, 3),
		                                 .mode = row_text(&rows, i, 4),
		                                 .intent = row_text(&rows, i, 5),
		                                 .consent = row_bool(&rows, i, 6),
		                                 .score = (int)row_int(&rows, i, 7),
		                                 .utterances_n = (int)row_int(&rows, i, 8)};
	return NULL;
}
