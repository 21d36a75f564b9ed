/* news.c -- what becomes of a change. */
#include "news.h"

#include "../../common/base/json_out.h"
#include "../../common/base/log.h"
#include "../../common/store/changes.h"
#include "channels.h"
#include "clerk.h"
#include "limits.h"

#define EVENTS_MAX 3 /* of one change */
#define ROW_MAX    ((size_t)256 * 1024)

struct news {
	struct change       change;
	const char         *json; /* the row; NULL: there is none */
	const struct cJSON *row;
};

/* What is told in a channel. */
struct event {
	const char *name;
	bool        is_for_admins; /* not for the visitor */
	struct span payload;
	struct span in_session; /* another payload for who is in its channel; NULL: the same */
};

/* ---- events ---- */

static const char *state_of_turn(const char *state)
{
	return str_equal(state, "running") ? "typing" : state;
}

static void write_turn(struct json_out *j, const struct change *c, const char *turn,
                       const char *state)
{
	json_obj(j, NULL);
	json_str(j, "session_id", c->session_id);
	json_raw(j, "turn", span_of(turn));
	json_str(j, "state", state);
	json_end(j);
}

static bool write_members(struct ctx *cx, const struct news *n, const char *const *names,
                          size_t names_n, struct span *out)
{
	struct json_out *j = json_new(cx->arena, ROW_MAX);

	json_obj(j, NULL);
	if (n->change.session_id)
		json_str(j, "session_id", n->change.session_id);
	for (size_t i = 0; i < names_n; i++) {
		const struct cJSON *value = json_at(n->row, names[i]);

		if (value)
			json_raw(j, names[i], json_print(cx, value));
	}
	json_end(j);
	return !json_finish(cx, j, out);
}

static void add(struct ctx *cx, const struct news *n, const char *name, bool is_for_admins,
                const char *const *names, size_t names_n, struct event *events, size_t *events_n)
{
	struct event *e = &events[*events_n];

	*e = (struct event){.name = name, .is_for_admins = is_for_admins};
	if (write_members(cx, n, names, names_n, &e->payload))
		++*events_n;
}
#define NAMES(...) (const char *const[]){__VA_ARGS__}, COUNT(((const char *const[]){__VA_ARGS__}))

static void add_turn(struct ctx *cx, const struct change *c, const char *turn, const char *state,
                     struct event *events, size_t *events_n)
{
	struct json_out *j = json_new(cx->arena, ROW_MAX);
	struct event    *e = &events[*events_n];

	*e = (struct event){.name = "turn"};
	write_turn(j, c, turn, state);
	if (!json_finish(cx, j, &e->payload))
		++*events_n;
}

static void of_utterance(struct ctx *cx, const struct news *n, struct event *events, size_t *n_out)
{
	const char *text = json_text_at(n->row, "text");
	bool        is_growing = json_bool_at(n->row, "interrupted", false) &&
	                  str_equal(json_text_at(n->row, "speaker"), "agent");

	if (is_growing && n->change.op == CHANGE_INSERT)
		add_turn(cx, &n->change, arena_printf(cx->arena, "%.0f", json_num_at(n->row, "turn", 0)),
		         "speaking", events, n_out);
	/* Until a turn ends the visitor's words are sealed only. */
	if (!text || !*text)
		return;
	add(cx, n, "utterance", false, NAMES("id", "turn", "speaker", "text", "ts", "interrupted"),
	    events, n_out);
	if (json_bool_at(n->row, "in_distress", false))
		write_members(cx, n, NAMES("id", "turn", "speaker", "ts", "interrupted"),
		              &events[*n_out - 1].in_session);
}

static void of_session(struct ctx *cx, const struct news *n, struct event *events, size_t *n_out)
{
	if (n->change.op == CHANGE_INSERT)
		add(cx, n, "session_started", true, NAMES("started_at", "current_mode", "consent"), events,
		    n_out);
	if (n->change.has_ended)
		add(cx, n, "session_ended", false, NAMES("ended_at"), events, n_out);
	if (n->change.has_mode)
		add(cx, n, "mode", false, NAMES("current_mode"), events, n_out);
	if (n->change.is_lead)
		add(cx, n, "lead", true, NAMES("lead_score", "final_intent"), events, n_out);
}

static size_t events_of(struct ctx *cx, const struct news *n, struct event events[EVENTS_MAX + 1])
{
	size_t events_n = 0;

	if (n->change.table == CHANGE_TURNS && n->change.state && n->change.session_id)
		add_turn(cx, &n->change, n->change.id, state_of_turn(n->change.state), events, &events_n);
	if (!n->row)
		return events_n;
	if (n->change.table == CHANGE_UTTERANCES)
		of_utterance(cx, n, events, &events_n);
	else if (n->change.table == CHANGE_SESSIONS)
		of_session(cx, n, events, &events_n);
	else if (n->change.table == CHANGE_EXTRACTS && n->change.op == CHANGE_INSERT)
		add(cx, n, "extract", true,
		    NAMES("id", "utterance_id", "intent", "confidence", "entities", "lead_score",
		          "scoring_reasons", "priority", "created_at"),
		    events, &events_n);
	else if (n->change.table == CHANGE_SUMMARIES)
		add(cx, n, "summary", true, NAMES("executive_summary", "action_items", "created_at"),
		    events, &events_n);
	return events_n;
}

/* ---- changes of tables ---- */

static void write_ids(struct json_out *j, const struct channel *c, const struct news *n,
                      const struct cJSON *row)
{
	json_arr(j, "ids");
	for (size_t i = 0; i < c->filters_n; i++)
		if (filter_takes(&c->filters[i], &n->change, row))
			json_int(j, NULL, c->filters[i].id);
	json_end(j);
}

static bool is_wanted(const struct channel *c, const struct news *n, const struct cJSON *row)
{
	for (size_t i = 0; i < c->filters_n; i++)
		if (filter_takes(&c->filters[i], &n->change, row))
			return true;
	return false;
}

static const char *key_of(enum change_table table)
{
	return table == CHANGE_SUMMARIES ? "session_id" : "id";
}

/* What is left of a row that is not there: by what it is known. */
static struct span key_json(struct ctx *cx, const struct change *c)
{
	struct json_out *j = json_new(cx->arena, 1024);
	struct span      out;

	json_obj(j, NULL);
	json_str(j, key_of(c->table), c->id);
	json_end(j);
	return json_finish(cx, j, &out) ? SPAN("{}") : out;
}

static void write_change(struct ctx *cx, struct json_out *j, const struct news *n, struct span key)
{
	static const char *const types[] = {
		[CHANGE_INSERT] = "INSERT", [CHANGE_UPDATE] = "UPDATE", [CHANGE_DELETE] = "DELETE"};
	char now[25];

	(void)cx;
	clock_format_utc(clock_unix_ms(), now);
	json_obj(j, "data");
	json_str(j, "schema", "public");
	json_str(j, "table", change_table_name(n->change.table));
	json_str(j, "type", types[n->change.op]);
	json_str(j, "commit_timestamp", now);
	json_arr(j, "columns");
	json_end(j);
	json_null(j, "errors");
	if (n->json)
		json_raw(j, "record", span_of(n->json));
	if (n->change.op != CHANGE_INSERT)
		json_raw(j, "old_record", key);
	json_end(j);
}

/* As the database has it (rest_access): everybody who may look sees who they are, who may change
 * things sees the others. */
static bool may_see(const struct channel *c, const struct news *n)
{
	return n->change.table != CHANGE_PROFILES || c->pass.standing >= STANDING_ADMIN ||
	       str_equal(n->change.id, c->pass.sub);
}

static void give_change(struct ctx *cx, struct channel *c, const struct news *n)
{
	struct span         key = key_json(cx, &n->change);
	const struct cJSON *row = n->row;
	struct letter       letter = {.topic = c->topic, .event = "postgres_changes"};
	struct json_out    *j;

	if (!row && json_parse(cx, key, &row))
		return;
	if (!may_see(c, n) || !is_wanted(c, n, row))
		return;
	j = json_new(cx->arena, 2 * ROW_MAX);
	json_obj(j, NULL);
	write_ids(j, c, n, row);
	write_change(cx, j, n, key);
	json_end(j);
	if (!json_finish(cx, j, &letter.payload))
		letter_give(cx, &letter, c);
	letter_end(&letter);
}

/* ---- to whom ---- */

static void give_event(struct ctx *cx, struct topic *t, const struct event *e)
{
	struct letter letter = {.topic = t, .event = "broadcast"};
	bool          is_other = t->kind == TOPIC_SESSION && e->in_session.ptr;

	letter.payload = broadcast_payload(cx, e->name, is_other ? e->in_session : e->payload);
	if (letter.payload.ptr)
		letter_give_all(cx, &letter, NULL);
	letter_end(&letter);
}

static struct topic *topic_of(struct ctx *cx, const struct change *c)
{
	return c->session_id ? topic_find(arena_printf(cx->arena, "session:%s", c->session_id)) : NULL;
}

/* Each admin topic once: at its first member. */
static void give_to_watchers(struct ctx *cx, const struct news *n, const struct event *events,
                             size_t events_n)
{
	bool has_row = n->change.table < CHANGE_TURNS && (n->row || n->change.op == CHANGE_DELETE);

	for (struct channel *c = channels_watching(); c; c = c->next_watcher) {
		if (c->topic->kind == TOPIC_ADMIN && c->topic->members == c)
			for (size_t i = 0; i < events_n; i++)
				give_event(cx, c->topic, &events[i]);
		if (c->filters_n && has_row)
			give_change(cx, c, n);
	}
}

static void distribute(struct ctx *cx, const struct news *n)
{
	struct event  events[EVENTS_MAX + 1];
	size_t        events_n = events_of(cx, n, events);
	struct topic *t = topic_of(cx, &n->change);

	for (size_t i = 0; t && i < events_n; i++)
		if (!events[i].is_for_admins)
			give_event(cx, t, &events[i]);
	give_to_watchers(cx, n, events, events_n);
}

/* ---- rows ---- */

static struct err *run_read(struct ctx *cx, struct errand *e)
{
	struct news *n = e->what;

	return change_row(cx, &n->change, &n->json);
}

/* Lost for this once: who watches reads all of it now and then. */
static void done_read(struct errand *e, const struct err *failed)
{
	struct ctx   cx = {.arena = e->arena, .deadline = DEADLINE_NEVER};
	struct news *n = e->what;

	if (failed)
		return;
	if (n->json && (strlen(n->json) > ROW_MAX || json_parse(&cx, span_of(n->json), &n->row)))
		n->json = NULL;
	distribute(&cx, n);
}

static bool is_anybodys(struct ctx *cx, const struct change *c)
{
	if (c->table == CHANGE_PEOPLE)
		return false;
	if (channels_watching())
		return true;
	return (c->table == CHANGE_TURNS || c->table == CHANGE_UTTERANCES ||
	        c->table == CHANGE_SESSIONS) &&
	       topic_of(cx, c);
}

void news_take(const char *told)
{
	struct errand *e = errand_new();
	struct ctx     cx = {.arena = e->arena, .deadline = DEADLINE_NEVER};
	struct news   *n = NEW(e->arena, struct news);
	bool           is_read = change_read(e->arena, told, &n->change);

	/* What a person may has perhaps changed. */
	if (is_read && (n->change.table == CHANGE_PROFILES || n->change.table == CHANGE_PEOPLE))
		channels_ask_again(n->change.id);
	e->what = n;
	e->run = run_read;
	e->done = done_read;
	e->is_ahead = true;
	if (!is_read || !is_anybodys(&cx, &n->change)) {
		arena_free(&cx.arena);
		return;
	}
	if (!clerk_send(e))
		LOG(LOG_INFO, NULL, "changes_missed", F_STR("why", "errands"));
}

static void tell_missed(struct ctx *cx, struct channel *c)
{
	struct letter letter = {.topic = c->topic, .event = "broadcast"};

	letter.payload = broadcast_payload(cx, "missed", SPAN("{}"));
	if (letter.payload.ptr)
		letter_give(cx, &letter, c);
	letter_end(&letter);
}

/* Of what was missed some may have been about those who listen. */
void news_missed(void)
{
	struct ctx cx = {.arena = arena_new(4096), .deadline = DEADLINE_NEVER};

	channels_ask_again(NULL);

	for (struct socket *s = sockets_first(); s; s = s->next)
		for (struct channel *c = s->channels; c; c = c->next_of_socket)
			if (c->topic && (c->topic->kind != TOPIC_ROOM || c->filters_n))
				tell_missed(&cx, c);
	arena_free(&cx.arena);
}
