/* calls.c -- POST /api/broadcast and GET /livez and /readyz. */
#include "calls.h"

#include "../../common/base/json_in.h"
#include "../../common/base/json_out.h"
#include "../../common/web/health.h"
#include "channels.h"
#include "clerk.h"
#include "limits.h"

#define MESSAGES_MAX 50
#define DOWN         "{\"status\":\"down\"}"

static struct {
	void (*want_to_write)(struct lws *wire);
	struct call *first;
	uint64_t     last_id;
} office;

void calls_start(void (*want_to_write)(struct lws *wire))
{
	office.want_to_write = want_to_write;
}

void call_begin(struct call *c, struct lws *wire)
{
	*c = (struct call){.arena = arena_new(1024), .wire = wire, .id = ++office.last_id};
	c->next = office.first;
	c->link = &office.first;
	if (c->next)
		c->next->link = &c->next;
	office.first = c;
}

void call_end(struct call *c)
{
	if (!c->link)
		return;
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	c->link = NULL;
	arena_free(&c->arena);
}

void call_body(struct call *c, struct span piece)
{
	if (!c->body)
		c->body = arena_alloc_raw(c->arena, BODY_MAX + 1);
	if (c->body_len + piece.len > BODY_MAX)
		return; /* it said that it were less */
	memcpy(c->body + c->body_len, piece.ptr, piece.len);
	c->body_len += piece.len;
}

/* ---- answers ---- */

static void answer(struct call *c, int status, struct span json)
{
	if (c->status)
		return;
	c->status = status;
	c->answer = (struct span){arena_strndup(c->arena, json.ptr, json.len), json.len};
	office.want_to_write(c->wire);
}

struct span call_error(struct arena *a, enum err_kind kind, const char *detail,
                       const char *request_id)
{
	struct buf b = buf_new(a, 4096);

	buf_str(&b, "{\"error\":");
	json_quote(&b, span_of(detail ? detail : err_text(kind)));
	buf_printf(&b, ",\"code\":\"%s\",\"request_id\":", err_code(kind));
	json_quote(&b, span_of(request_id ? request_id : ""));
	buf_char(&b, '}');
	return buf_span(&b);
}

static void answer_error(struct call *c, enum err_kind kind, const char *detail)
{
	answer(c, err_http_status(kind), call_error(c->arena, kind, detail, c->request_id));
}

static struct call *call_find(uint64_t id)
{
	struct call *c = office.first;

	while (c && c->id != id)
		c = c->next;
	return c;
}

/* ---- health ---- */

struct examination {
	uint64_t               call;
	struct health_question question;
	bool                   is_well;
	struct span            json;
};

static struct err *run_health(struct ctx *cx, struct errand *e)
{
	struct examination *x = e->what;

	return health_look(cx, &x->question, &x->is_well, &x->json);
}

static void done_health(struct errand *e, const struct err *failed)
{
	struct examination *x = e->what;
	struct call        *c = call_find(x->call);

	if (c && failed)
		answer(c, 503, SPAN(DOWN));
	else if (c)
		answer(c, x->is_well ? 200 : 503, x->json);
}

static void be_healthy(struct call *c)
{
	struct errand      *e = errand_new();
	struct examination *x = NEW(e->arena, struct examination);

	x->call = c->id;
	x->question.what = health_asked(c->path);
	x->question.is_inside = c->is_inside;
	e->what = x;
	e->run = run_health;
	e->done = done_health;
	if (!clerk_send(e))
		answer(c, 503, SPAN(DOWN));
}

/* ---- broadcasts ---- */

/* Copied, for the database may have to be asked. */
struct proposal {
	uint64_t    call;
	const char *token;
	struct span body;
	size_t      refused_n, n;
	bool        is_allowed[MESSAGES_MAX];
};

static const char *topic_named(const struct cJSON *message)
{
	const char *name = json_text_at(message, "topic");

	if (name && span_starts(span_of(name), SPAN(TOPIC_PREFIX)))
		name += strlen(TOPIC_PREFIX);
	return name && *name && strlen(name) <= PHOENIX_TEXT_MAX ? name : NULL;
}

static struct err *check_message(struct ctx *cx, const struct cJSON *m)
{
	const char *event = json_text_at(m, "event");

	if (!topic_named(m) || !event || strlen(event) > PHOENIX_TEXT_MAX)
		FAIL(cx, ERR_INPUT, "messages: each has a topic and an event");
	return NULL;
}

static struct err *read_messages(struct ctx *cx, struct span body, const struct cJSON **first_out)
{
	const struct cJSON *root, *list;

	TRY(json_parse(cx, body, &root));
	list = json_at(root, "messages");
	if (!list || json_type(list) != JSON_ARRAY || json_count(list) > MESSAGES_MAX)
		FAIL(cx, ERR_INPUT, "messages: is no list of at most %d", MESSAGES_MAX);
	*first_out = json_first(list);
	for (const struct cJSON *m = *first_out; m; m = json_next(m))
		TRY(check_message(cx, m));
	return NULL;
}

/* May who asks speak in each of these channels? */
static struct err *run_proposal(struct ctx *cx, struct errand *e)
{
	struct proposal    *p = e->what;
	const struct cJSON *m;
	struct proof        proof;

	TRY(read_messages(cx, p->body, &m));
	TRY(rights_prove(cx, p->token, &proof));
	for (; m; m = json_next(m)) {
		struct pass pass = rights_in(&proof, topic_named(m));

		p->is_allowed[p->n] = rights_may_say(pass.standing, json_text_at(m, "event"));
		p->refused_n += !p->is_allowed[p->n++];
	}
	return NULL;
}

static void broadcast(struct ctx *cx, const struct cJSON *m)
{
	struct letter       letter = {.topic = topic_find(topic_named(m)), .event = "broadcast"};
	const struct cJSON *payload = json_at(m, "payload");

	if (!letter.topic)
		return;
	letter.payload = broadcast_payload(cx, json_text_at(m, "event"),
	                                   payload ? json_print(cx, payload) : SPAN("{}"));
	if (letter.payload.ptr)
		letter_give_all(cx, &letter, NULL);
	letter_end(&letter);
}

static void done_proposal(struct errand *e, const struct err *failed)
{
	struct ctx          cx = {.arena = e->arena, .deadline = DEADLINE_NEVER};
	struct proposal    *p = e->what;
	struct call        *c = call_find(p->call);
	const struct cJSON *m;

	if (!c)
		return;
	if (failed) {
		answer_error(c, failed->kind, failed->kind == ERR_INPUT ? failed->detail : NULL);
		return;
	}
	if (p->refused_n) {
		answer_error(c, ERR_UNAUTHORIZED, "This key may not speak in such a channel.");
		return;
	}
	if (!read_messages(&cx, p->body, &m))
		for (; m; m = json_next(m))
			broadcast(&cx, m);
	answer(c, 202, SPAN("{}"));
}

static void propose(struct call *c)
{
	const struct span bearer = SPAN("Bearer ");
	struct errand    *e = errand_new();
	struct proposal  *p = NEW(e->arena, struct proposal);
	const char       *token = c->apikey;

	if (c->authorization && span_starts_nocase(span_of(c->authorization), bearer))
		token = c->authorization + bearer.len;
	p->call = c->id;
	p->token = token ? arena_strdup(e->arena, token) : NULL;
	p->body =
		(struct span){arena_strndup(e->arena, c->body ? c->body : "", c->body_len), c->body_len};
	e->what = p;
	e->run = run_proposal;
	e->done = done_proposal;
	if (!clerk_send(e))
		answer_error(c, ERR_UNAVAILABLE, NULL);
}

void call_run(struct call *c)
{
	if (c->is_post && str_equal(c->path, "/realtime/v1/api/broadcast"))
		propose(c);
	else if (!c->is_post && health_asked(c->path) != HEALTH_NOT_ASKED)
		be_healthy(c);
	else
		answer_error(c, ERR_NOT_FOUND, NULL);
}
