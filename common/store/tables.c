/* tables.c -- the tables that people may look at. */
#include "tables.h"

#define PLAIN(member, kind_of, ...) \
	{ \
		.name = #member, .type = TYPE_##kind_of, __VA_ARGS__ \
	}
#define MASKED(member, kind_of, ...) PLAIN(member, kind_of, .kind = COLUMN_MASKED, __VA_ARGS__)
#define SEALED(member, ...)          PLAIN(member, TEXT, .kind = COLUMN_SEALED, __VA_ARGS__)
#define SHOWN(member, kind_of, ...)  PLAIN(member, kind_of, .kind = COLUMN_SHOWN, __VA_ARGS__)

static const struct column sessions[] = {
	PLAIN(id, UUID),
	PLAIN(created_by, UUID),
	SHOWN(visitor_id, TEXT, .finder = FIND_VISITOR, .found_by = "t.id"),
	PLAIN(started_at, TIME),
	PLAIN(ended_at, TIME),
	PLAIN(channel, TEXT),
	PLAIN(consent, BOOL),
	PLAIN(final_intent, TEXT),
	PLAIN(lead_score, INT),
	PLAIN(lead_reasons, JSON),
	SEALED(email, .finder = FIND_EMAIL, .found_by = "t.id"),
	SEALED(contact_name),
	PLAIN(cta_chosen, TEXT, .write_max = 200),
	SEALED(notes, .write_max = 10000),
	PLAIN(created_at, TIME),
	PLAIN(updated_at, TIME),
	PLAIN(current_mode, TEXT),
	PLAIN(last_active_at, TIME),
	PLAIN(turn, INT),
	PLAIN(utterance_count, INT),
};

static const struct column utterances[] = {
	PLAIN(id, UUID),          PLAIN(session_id, UUID), PLAIN(speaker, TEXT),   MASKED(text, TEXT),
	PLAIN(ts, TIME),          PLAIN(asr_conf, NUMBER), PLAIN(audio_url, TEXT), PLAIN(turn, INT),
	PLAIN(interrupted, BOOL), PLAIN(position, INT),
};

static const struct column extracts[] = {
	PLAIN(id, UUID),           PLAIN(session_id, UUID),
	PLAIN(utterance_id, UUID), PLAIN(turn, INT),
	PLAIN(intent, TEXT),       PLAIN(confidence, NUMBER),
	MASKED(entities, JSON),    MASKED(followup_actions, JSON),
	PLAIN(lead_score, INT),    PLAIN(scoring_reasons, JSON),
	PLAIN(priority, TEXT),     PLAIN(provider, TEXT),
	PLAIN(created_at, TIME),
};

static const struct column summaries[] = {
	PLAIN(session_id, UUID),     MASKED(executive_summary, TEXT),
	MASKED(action_items, JSON),  MASKED(crm_payload, JSON),
	MASKED(themes, JSON),        PLAIN(importance, INT),
	PLAIN(utterance_count, INT), PLAIN(provider, TEXT),
	PLAIN(created_at, TIME),     PLAIN(updated_at, TIME),
};

static const struct column events[] = {
	PLAIN(id, UUID),      PLAIN(session_id, UUID), PLAIN(kind, TEXT),
	PLAIN(payload, JSON), PLAIN(ts, TIME),
};

static const struct column memories[] = {
	PLAIN(id, UUID),
	PLAIN(session_id, UUID),
	SHOWN(visitor_id, TEXT, .finder = FIND_VISITOR, .found_by = "t.session_id"),
	PLAIN(scope, TEXT),
	MASKED(content, JSON),
	MASKED(summary, TEXT),
	PLAIN(importance, INT),
	MASKED(tags, JSON),
	MASKED(metadata, JSON),
	PLAIN(embedding_model, TEXT),
	PLAIN(occurred_at, TIME),
	PLAIN(expires_at, TIME),
	SHOWN(last_referenced, TIME),
	SHOWN(access_count, INT),
	PLAIN(created_at, TIME),
	PLAIN(updated_at, TIME),
};

static const struct column email_signups[] = {
	PLAIN(id, UUID),
	SEALED(email, .finder = FIND_EMAIL, .found_by = "t.id"),
	SEALED(name),
	PLAIN(signup_type, TEXT),
	PLAIN(status, TEXT),
	PLAIN(session_id, UUID),
	PLAIN(confirmed_at, TIME),
	PLAIN(unsubscribed_at, TIME),
	PLAIN(created_at, TIME),
	PLAIN(updated_at, TIME),
};

static const struct column profiles[] = {
	PLAIN(id, UUID),         PLAIN(display_name, TEXT, .write_max = 200, .is_never_null = true),
	PLAIN(role, TEXT),       PLAIN(created_at, TIME),
	PLAIN(updated_at, TIME),
};

static const char *const item_states[] = {"open", "done", "dropped", NULL};

static const struct column action_items[] = {
	PLAIN(id, UUID),
	PLAIN(session_id, UUID),
	PLAIN(position, INT),
	MASKED(text, TEXT),
	PLAIN(owner, TEXT),
	PLAIN(priority, TEXT),
	PLAIN(status, TEXT, .write_max = 10, .is_never_null = true, .one_of = item_states),
	PLAIN(created_at, TIME),
};

#define TABLE(of, ...) \
	{ \
		.name = #of, .columns = (of), .columns_n = COUNT(of), .key = "t.id", .hidden_key = "t.id", \
		.tie = "t.id", __VA_ARGS__ \
	}

/* clang-format off */
static const struct table tables[] = {
	TABLE(sessions, .may_delete = true),
	/* Where what is said in distress is nobody's to read. */
	{.name = "utterances", .source = "utterances_told", .columns = utterances,
	 .columns_n = COUNT(utterances), .key = "t.id", .hidden_key = "t.id",
	 .tie = "t.position"},
	TABLE(extracts),
	{.name = "summaries", .columns = summaries, .columns_n = COUNT(summaries),
	 .key = "t.session_id", .hidden_key = "t.session_id", .tie = "t.session_id"},
	TABLE(events),
	TABLE(memories, .may_delete = true),
	TABLE(email_signups),
	TABLE(profiles),
	{.name = "action_items", .columns = action_items, .columns_n = COUNT(action_items),
	 .key = "t.id", .hidden_key = "t.session_id", .place = "t.position",
	 .tie = "t.session_id, t.position"},
};
/* clang-format on */

const struct table *table_named(struct span name)
{
	for (size_t i = 0; i < COUNT(tables); i++)
		if (span_equal(name, span_of(tables[i].name)))
			return &tables[i];
	return NULL;
}

const struct column *table_column(const struct table *table, struct span name)
{
	for (size_t i = 0; i < table->columns_n; i++)
		if (span_equal(name, span_of(table->columns[i].name)))
			return &table->columns[i];
	return NULL;
}
