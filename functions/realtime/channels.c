/* channels.c -- what sockets say about channels.
 *
 * Who comes with a person's token waits for the database to say what that person may; all other
 * tokens are judged at once. A channel that waits is known to its socket only: nothing reaches it,
 * and what it says is refused. */
#include "channels.h"

#include "../../common/base/json_out.h"
#include "../../common/base/log.h"
#include "clerk.h"
#include "limits.h"
#include "presence.h"
#include "topics.h"

#define EMPTY        SPAN("{}")
#define REPLY_MAX    65536
#define KEY_MAX      200u /* of presence */
#define DENIED       "Unauthorized: this token opens no such channel"
#define TOO_MANY     "too many channels"
#define ENDED        "the token has expired"
#define NOT_ANY_MORE "Unauthorized: this is not allowed any more"

/* ---- answers ---- */

static void post(struct ctx *cx, struct socket *s, const struct phoenix_text *text)
{
	struct span    all;
	struct parcel *p;
	struct err    *e = phoenix_print(cx, s->version, text, (size_t)limits.queue_bytes, &all);

	if (e) {
		log_err(LOG_WARN, cx, "message_not_written", e);
		return;
	}
	p = parcel_new(all, false);
	socket_post(s, p);
	parcel_drop(p);
}

static void reply(struct ctx *cx, struct socket *s, const struct phoenix_text *to,
                  const char *status, struct span response)
{
	struct json_out    *j = json_new(cx->arena, REPLY_MAX);
	struct phoenix_text text = *to;

	if (!to->ref)
		return;
	json_obj(j, NULL);
	json_str(j, "status", status);
	json_raw(j, "response", response);
	json_end(j);
	text.event = "phx_reply";
	if (!json_finish(cx, j, &text.payload))
		post(cx, s, &text);
}

static void reply_ok(struct ctx *cx, struct socket *s, const struct phoenix_message *m)
{
	const struct phoenix_text to = {.topic = m->topic, .ref = m->ref, .join_ref = m->join_ref};

	reply(cx, s, &to, "ok", EMPTY);
}

static void reply_error(struct ctx *cx, struct socket *s, const struct phoenix_text *to,
                        const char *reason)
{
	struct buf b = buf_new(cx->arena, 4096);

	buf_str(&b, "{\"reason\":");
	json_quote(&b, span_of(reason));
	buf_char(&b, '}');
	reply(cx, s, to, "error", buf_span(&b));
}

static void refuse(struct ctx *cx, struct socket *s, const struct phoenix_message *m,
                   const char *reason)
{
	const struct phoenix_text to = {.topic = m->topic, .ref = m->ref, .join_ref = m->join_ref};

	reply_error(cx, s, &to, reason);
}

/* ---- leaving ---- */

static void unlink_from_socket(struct channel *c)
{
	struct channel **at = &c->socket->channels;

	while (*at != c)
		at = &(*at)->next_of_socket;
	*at = c->next_of_socket;
	c->socket->channels_n--;
}

static void end_channel(struct ctx *cx, struct channel *c)
{
	struct arena *a = c->arena;

	if (c->topic)
		presence_untrack(cx, c);
	arena_free(&c->presence);
	arena_free(&c->later);
	topic_leave(c);
	unlink_from_socket(c);
	arena_free(&a);
}

void channels_leave_all(struct socket *s)
{
	struct ctx cx = {.arena = NULL, .deadline = DEADLINE_NEVER};

	if (!s->channels)
		return;
	cx.arena = arena_new(4096);
	while (s->channels)
		end_channel(&cx, s->channels);
	arena_free(&cx.arena);
}

static void say_system(struct ctx *cx, struct channel *c, const char *status, const char *message)
{
	struct json_out    *j = json_new(cx->arena, REPLY_MAX);
	struct phoenix_text text = {.topic = c->full, .event = "system"};

	json_obj(j, NULL);
	json_str(j, "status", status);
	json_str(j, "message", message);
	json_str(j, "extension", c->filters_n ? "postgres_changes" : "system");
	json_str(j, "channel", c->name);
	json_end(j);
	if (!json_finish(cx, j, &text.payload))
		post(cx, c->socket, &text);
}

static void throw_out(struct ctx *cx, struct channel *c, const char *why)
{
	const struct phoenix_text closed = {.topic = c->full,
	                                    .event = "phx_close",
	                                    .join_ref = c->join_ref,
	                                    .payload = EMPTY};

	say_system(cx, c, "error", why);
	post(cx, c->socket, &closed);
	end_channel(cx, c);
}

/* ---- joining ---- */

static struct channel *find(struct socket *s, const char *full)
{
	for (struct channel *c = s->channels; c; c = c->next_of_socket)
		if (str_equal(c->full, full))
			return c;
	return NULL;
}

static const char *presence_key(struct channel *c, const struct cJSON *config)
{
	const char *key = json_text_at(config, "presence.key");
	char        made[CRYPTO_UUID_CHARS + 1];

	if (key && *key && strlen(key) <= KEY_MAX)
		return arena_strdup(c->arena, key);
	crypto_uuid(made);
	return arena_strdup(c->arena, made);
}

static struct channel *add_channel(struct socket *s, const struct phoenix_message *m)
{
	static uint64_t last_id;
	struct arena   *a = arena_new(1024);
	struct channel *c = NEW(a, struct channel);

	c->arena = a;
	c->id = ++last_id;
	c->socket = s;
	c->full = arena_strdup(a, m->topic);
	c->name = c->full + strlen(TOPIC_PREFIX);
	c->join_ref = m->join_ref ? arena_strdup(a, m->join_ref) : NULL;
	c->next_of_socket = s->channels;
	s->channels = c;
	s->channels_n++;
	return c;
}

static struct span filters_told(struct ctx *cx, const struct channel *c)
{
	struct json_out *j = json_new(cx->arena, REPLY_MAX);
	struct span      out;

	json_obj(j, NULL);
	json_arr(j, "postgres_changes");
	for (size_t i = 0; i < c->filters_n; i++) {
		const struct filter *f = &c->filters[i];

		json_obj(j, NULL);
		json_int(j, "id", f->id);
		json_str(j, "event", f->event);
		if (f->schema)
			json_str(j, "schema", f->schema);
		if (f->table)
			json_str(j, "table", f->table);
		if (f->text)
			json_str(j, "filter", f->text);
		json_end(j);
	}
	json_end(j);
	json_end(j);
	return json_finish(cx, j, &out) ? EMPTY : out;
}

static void welcome(struct ctx *cx, struct channel *c, const struct phoenix_text *to)
{
	struct phoenix_text state = {.topic = c->full, .event = "presence_state", .payload = EMPTY};

	reply(cx, c->socket, to, "ok", filters_told(cx, c));
	if (c->topic->kind == TOPIC_SESSION || !presence_state(cx, c->topic, &state.payload))
		post(cx, c->socket, &state);
	if (c->filters_n)
		say_system(cx, c, "ok", "Subscribed to PostgreSQL");
}

/* With its pass. The channel ends where that is no good. */
static void settle(struct ctx *cx, struct channel *c, const struct phoenix_text *to)
{
	const char *why = NULL;

	if (c->pass.standing == STANDING_NONE)
		why = DENIED;
	else if (c->filters_n && c->pass.standing < STANDING_VIEWER)
		why = "Unauthorized: changes of tables are for people";
	else if (!topic_enter(c))
		why = "too many are in this channel";
	if (!why) {
		welcome(cx, c, to);
		return;
	}
	reply_error(cx, c->socket, to, why);
	end_channel(cx, c);
}

/* ---- asking the database ---- */

struct question {
	uint64_t    socket, channel;
	const char *token; /* NULL: whether the pass is still good */
	const char *name, *full, *ref, *join_ref;
	struct pass pass;
};

static struct channel *channel_of(const struct question *q)
{
	struct socket  *s = socket_find(q->socket);
	struct channel *c = s ? s->channels : NULL;

	while (c && c->id != q->channel)
		c = c->next_of_socket;
	return c;
}

static struct err *run_question(struct ctx *cx, struct errand *e)
{
	struct question *q = e->what;

	if (q->token)
		return rights_of(cx, q->token, q->name, &q->pass);
	return rights_again(cx, q->name, &q->pass);
}

static struct question *question_about(const struct channel *c, struct errand *e)
{
	struct question *q = NEW(e->arena, struct question);

	*q = (struct question){.socket = c->socket->id, .channel = c->id, .pass = c->pass};
	q->name = arena_strdup(e->arena, c->name);
	q->full = arena_strdup(e->arena, c->full);
	q->join_ref = c->join_ref ? arena_strdup(e->arena, c->join_ref) : NULL;
	e->run = run_question;
	e->what = q;
	return q;
}

static void done_join(struct errand *e, const struct err *failed)
{
	struct ctx                cx = {.arena = e->arena, .deadline = DEADLINE_NEVER};
	struct question          *q = e->what;
	struct socket            *s = socket_find(q->socket);
	struct channel           *c = channel_of(q);
	const struct phoenix_text to = {.topic = q->full, .ref = q->ref, .join_ref = q->join_ref};

	if (s)
		s->joins_n--;
	if (!c || c->topic)
		return;
	if (failed) {
		reply_error(&cx, c->socket, &to, err_text(failed->kind));
		end_channel(&cx, c);
		return;
	}
	c->pass = q->pass;
	settle(&cx, c, &to);
}

static bool is_better(const struct pass *a, const struct pass *b)
{
	return a->standing >= b->standing && a->ends_at_ms > b->ends_at_ms;
}

static void done_again(struct errand *e, const struct err *failed)
{
	struct ctx       cx = {.arena = e->arena, .deadline = DEADLINE_NEVER};
	struct question *q = e->what;
	struct channel  *c = channel_of(q);

	if (!c)
		return;
	c->is_asked = false;
	/* Of another pass it tells nothing: that one was just looked at. */
	if (failed || !str_equal(c->pass.session_id, q->pass.session_id))
		return;
	if (q->pass.standing < c->pass.standing)
		throw_out(&cx, c, NOT_ANY_MORE);
}

/* False when too much is asked. */
static bool ask_about_token(const struct channel *c, const char *token, const char *ref,
                            void (*done)(struct errand *e, const struct err *failed))
{
	struct errand   *e = errand_new();
	struct question *q = question_about(c, e);

	q->token = arena_strdup(e->arena, token ? token : "");
	q->ref = ref ? arena_strdup(e->arena, ref) : NULL;
	e->done = done;
	return clerk_send(e);
}

static void done_renewal(struct errand *e, const struct err *failed);

/* One question at a time: of the tokens that come meanwhile the last is asked about then. */
static void ask_renewal(struct channel *c, const char *token)
{
	if (c->is_renewed) {
		arena_free(&c->later);
		c->later = arena_new(strlen(token) + 64);
		c->later_token = arena_strdup(c->later, token);
		return;
	}
	c->is_renewed = ask_about_token(c, token, NULL, done_renewal);
	if (!c->is_renewed)
		LOG(LOG_INFO, NULL, "renewal_not_asked", F_INT("sockets", sockets_count()));
}

static void done_renewal(struct errand *e, const struct err *failed)
{
	struct question *q = e->what;
	struct channel  *c = channel_of(q);

	if (!c)
		return;
	c->is_renewed = false;
	if (c->topic && !failed && is_better(&q->pass, &c->pass))
		c->pass = q->pass;
	if (!c->later)
		return;
	ask_renewal(c, c->later_token);
	arena_free(&c->later);
}

static void ask_again(struct channel *c)
{
	struct errand *e = errand_new();

	question_about(c, e);
	e->done = done_again;
	e->is_ahead = true;
	c->is_asked = clerk_send(e);
}

void channels_ask_again(const char *sub)
{
	for (struct socket *s = sockets_first(); s; s = s->next)
		for (struct channel *c = s->channels; c; c = c->next_of_socket)
			if (c->topic && c->pass.is_person && !c->is_asked &&
			    (!sub || str_equal(c->pass.sub, sub)))
				ask_again(c);
}

/* ---- what is said ---- */

static void configure(struct channel *c, const struct cJSON *config)
{
	c->hears_itself = json_bool_at(config, "broadcast.self", false);
	c->wants_ack = json_bool_at(config, "broadcast.ack", false);
	c->presence_key = presence_key(c, config);
}

static void judge(struct ctx *cx, struct channel *c, const struct phoenix_message *m,
                  const char *token)
{
	const struct phoenix_text to = {.topic = c->full, .ref = m->ref, .join_ref = m->join_ref};
	struct err               *e = NULL;

	/* Nobody is let in who would not be told of what changes from here on. */
	if (rights_need_database(cx, token) || !clerk_is_listening()) {
		if (c->socket->joins_n < (size_t)limits.channels &&
		    ask_about_token(c, token, m->ref, done_join)) {
			c->socket->joins_n++;
			return;
		}
		reply_error(cx, c->socket, &to, err_text(ERR_UNAVAILABLE));
		end_channel(cx, c);
		return;
	}
	e = rights_of(cx, token, c->name, &c->pass);
	if (e)
		c->pass.standing = STANDING_NONE;
	settle(cx, c, &to);
}

static void join(struct ctx *cx, struct socket *s, const struct phoenix_message *m)
{
	const struct cJSON *config = m->payload ? json_at(m->payload, "config") : NULL;
	struct channel     *c = find(s, m->topic);
	struct err         *e;

	if (c)
		end_channel(cx, c); /* it joins anew */
	if (s->channels_n >= (size_t)limits.channels) {
		refuse(cx, s, m, TOO_MANY);
		return;
	}
	c = add_channel(s, m);
	if (config)
		configure(c, config);
	else
		c->presence_key = presence_key(c, m->payload);
	e = filters_read(cx, c->arena, config ? json_at(config, "postgres_changes") : NULL, &c->filters,
	                 &c->filters_n);
	if (e) {
		refuse(cx, s, m, e->detail);
		end_channel(cx, c);
		return;
	}
	judge(cx, c, m, m->payload ? json_text_at(m->payload, "access_token") : NULL);
}

static void leave(struct ctx *cx, struct channel *c, const struct phoenix_message *m)
{
	const struct phoenix_text closed = {.topic = m->topic,
	                                    .event = "phx_close",
	                                    .join_ref = c->join_ref,
	                                    .payload = EMPTY};
	struct socket            *s = c->socket;

	reply_ok(cx, s, m);
	post(cx, s, &closed);
	end_channel(cx, c);
}

/* One that proves less changes nothing: realtime-js sends the anonymous key after the join. */
static void renew(struct ctx *cx, struct channel *c, const char *token)
{
	struct pass pass;

	if (!token)
		return;
	if (rights_need_database(cx, token)) {
		ask_renewal(c, token);
		return;
	}
	if (!rights_of(cx, token, c->name, &pass) && is_better(&pass, &c->pass))
		c->pass = pass;
}

static void broadcast_bytes(struct ctx *cx, struct channel *from, const struct phoenix_message *m)
{
	struct parcel *p = parcel_new(phoenix_print_bytes(cx, from->full, m->name, m->bytes), true);

	for (struct channel *c = from->topic->members; c; c = c->next)
		if (c->socket->version == PHOENIX_2 && (c != from || from->hears_itself))
			socket_post(c->socket, p);
	parcel_drop(p);
}

static void broadcast(struct ctx *cx, struct channel *c, const struct phoenix_message *m)
{
	struct letter letter = {.topic = c->topic, .event = "broadcast"};

	if (!rights_may_say(c->pass.standing, m->name)) {
		refuse(cx, c->socket, m, "an event of this name is not for visitors to tell");
		return;
	}
	if (m->bytes.ptr && !m->payload) {
		broadcast_bytes(cx, c, m);
	} else {
		letter.payload =
			broadcast_payload(cx, m->name, m->payload ? json_print(cx, m->payload) : EMPTY);
		if (letter.payload.ptr)
			letter_give_all(cx, &letter, c->hears_itself ? NULL : c);
		letter_end(&letter);
	}
	if (c->wants_ack)
		reply_ok(cx, c->socket, m);
}

static void be_present(struct ctx *cx, struct channel *c, const struct phoenix_message *m)
{
	const char *event = m->payload ? json_text_at(m->payload, "event") : NULL;
	struct err *e = NULL;

	if (c->topic->kind == TOPIC_SESSION) {
		refuse(cx, c->socket, m, "presence is not for the channel of a session");
		return;
	}
	if (str_equal(event, "track"))
		e = presence_track(cx, c, json_at(m->payload, "payload"));
	else if (str_equal(event, "untrack"))
		presence_untrack(cx, c);
	else
		e = err_new(cx, ERR_INPUT, WHERE, "presence is to track or to untrack");
	if (e)
		refuse(cx, c->socket, m, e->detail);
	else
		reply_ok(cx, c->socket, m);
}

static void take_in_channel(struct ctx *cx, struct channel *c, const struct phoenix_message *m)
{
	if (str_equal(m->event, "phx_leave"))
		leave(cx, c, m);
	else if (!c->topic)
		refuse(cx, c->socket, m, "not joined yet");
	else if (str_equal(m->event, "access_token"))
		renew(cx, c, m->payload ? json_text_at(m->payload, "access_token") : NULL);
	else if (m->name)
		broadcast(cx, c, m);
	else if (str_equal(m->event, "presence"))
		be_present(cx, c, m);
	else
		refuse(cx, c->socket, m, "this event is not known");
}

void channels_take(struct ctx *cx, struct socket *s, const struct phoenix_message *m)
{
	struct channel *c;

	if (str_equal(m->topic, "phoenix") && str_equal(m->event, "heartbeat")) {
		reply_ok(cx, s, m);
		return;
	}
	if (!span_starts(span_of(m->topic), SPAN(TOPIC_PREFIX)) || !m->topic[strlen(TOPIC_PREFIX)]) {
		refuse(cx, s, m, "a topic begins with " TOPIC_PREFIX);
		return;
	}
	if (str_equal(m->event, "phx_join")) {
		join(cx, s, m);
		return;
	}
	c = find(s, m->topic);
	if (c)
		take_in_channel(cx, c, m);
	else
		refuse(cx, s, m, "unmatched topic");
}

/* ---- time ---- */

static void end_passes(struct ctx *cx, struct socket *s, int64_t now)
{
	struct channel *next;

	for (struct channel *c = s->channels; c; c = next) {
		next = c->next_of_socket;
		if (c->topic && c->pass.ends_at_ms <= now)
			throw_out(cx, c, ENDED);
	}
}

void channels_tick(struct ctx *cx)
{
	int64_t now = clock_unix_ms();

	for (struct socket *s = sockets_first(); s; s = s->next)
		end_passes(cx, s, now);
}
