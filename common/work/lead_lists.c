/* lead_lists.c -- the columns of both lists. */
#include "lead_lists.h"

#include "../domain/letters/escape.h"

const char *lead_entity(const struct lead *lead, enum entity which)
{
	return lead->extract ? lead->extract->entities.text[which] : NULL;
}

const char *lead_email(const struct lead *lead)
{
	return lead->email ? lead->email : lead_entity(lead, ENTITY_contact_email);
}

const char *lead_name(const struct lead *lead)
{
	return lead->name ? lead->name : lead_entity(lead, ENTITY_person_name);
}

const char *lead_reasons(struct ctx *cx, const struct lead *lead)
{
	struct buf b = buf_new(cx->arena, 0);

	for (size_t i = 0; i < lead->reasons_n; i++)
		buf_printf(&b, "%s%s", i ? " " : "", lead->reasons[i]);
	return buf_text(&b);
}

void csv_cell(struct ctx *cx, struct buf *out, const char *value, char behind)
{
	buf_str(out, escape_csv(cx, escape_terminal(cx, value ? value : "", true)));
	buf_str(out, behind == '\n' ? "\r\n" : ",");
}

/* Names and addresses have columns of their own. */
static bool has_column(int entity)
{
	return entity != ENTITY_person_name && entity != ENTITY_contact_email;
}

static void lead_line(struct ctx *cx, struct buf *out, const struct lead *lead)
{
	csv_cell(cx, out, lead->session_id, ',');
	csv_cell(cx, out, lead->started_at, ',');
	buf_printf(out, "%d,", lead->score);
	csv_cell(cx, out, lead->priority, ',');
	csv_cell(cx, out, lead->intent, ',');
	csv_cell(cx, out, lead_reasons(cx, lead), ',');
	csv_cell(cx, out, lead_name(lead), ',');
	csv_cell(cx, out, lead_email(lead), ',');
	for (int i = 0; i < ENTITY_COUNT; i++)
		if (has_column(i))
			csv_cell(cx, out, lead_entity(lead, (enum entity)i), ',');
	csv_cell(cx, out, lead->cta, ',');
	csv_cell(cx, out, lead->wishes, ',');
	csv_cell(cx, out, lead->summary, '\n');
}

void lead_list_csv(struct ctx *cx, struct buf *out, const struct lead *leads, size_t n)
{
	buf_str(out, "session_id,started_at,score,priority,intent,reasons,name,email");
	for (int i = 0; i < ENTITY_COUNT; i++)
		if (has_column(i))
			buf_printf(out, ",%s", entity_name((enum entity)i));
	buf_str(out, ",cta,wishes,summary\r\n");
	for (size_t i = 0; i < n; i++)
		lead_line(cx, out, &leads[i]);
}

void lead_members(struct json_out *j, const struct lead *lead)
{
	json_str(j, "session_id", lead->session_id);
	json_str(j, "started_at", lead->started_at);
	json_str(j, "ended_at", lead->ended_at);
	json_str(j, "channel", lead->channel);
	json_bool(j, "consent", lead->consent);
	json_int(j, "lead_score", lead->score);
	json_str(j, "priority", lead->priority);
	json_str(j, "intent", lead->intent);
	json_arr(j, "scoring_reasons");
	for (size_t i = 0; i < lead->reasons_n; i++)
		json_str(j, NULL, lead->reasons[i]);
	json_end(j);
	if (lead->extract)
		extract_write_entities(j, "entities", &lead->extract->entities);
	json_str(j, "email", lead_email(lead));
	json_str(j, "name", lead_name(lead));
	json_str(j, "cta_chosen", lead->cta);
	json_str(j, "wishes", lead->wishes);
	json_str(j, "notes", lead->notes);
	json_str(j, "summary", lead->summary);
	json_int(j, "utterance_count", lead->utterances_n);
}

void session_list_csv(struct ctx *cx, struct buf *out, const struct session_row *rows, size_t n)
{
	buf_str(out, "session_id,started_at,ended_at,channel,consent,mode,intent,score,utterances\r\n");
	for (size_t i = 0; i < n; i++) {
		csv_cell(cx, out, rows[i].session_id, ',');
		csv_cell(cx, out, rows[i].started_at, ',');
		csv_cell(cx, out, rows[i].ended_at, ',');
		csv_cell(cx, out, rows[i].channel, ',');
		buf_printf(out, "%s,", rows[i].consent ? "yes" : "no");
		csv_cell(cx, out, rows[i].mode, ',');
		csv_cell(cx, out, rows[i].intent, ',');
		buf_printf(out, "%d,%d\r\n", rows[i].score, rows[i].utterances_n);
	}
}

void session_members(struct json_out *j, const struct session_row *row)
{
	json_str(j, "session_id", row->session_id);
	json_str(j, "started_at", row->started_at);
	json_str(j, "ended_at", row->ended_at);
	json_str(j, "channel", row->channel);
	json_bool(j, "consent", row->consent);
	json_str(j, "current_mode", row->mode);
	json_str(j, "intent", row->intent);
	json_int(j, "lead_score", row->score);
	json_int(j, "utterance_count", row->utterances_n);
}
