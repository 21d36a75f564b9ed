/* db_probe.c -- drives common/db as its callers do, for db_*.test.mjs.
 *
 * Reads an order per line, each runs in a thread of its own, and writes a line
 * when it ends:
 *
 *   {"id": 1, "sql": [...], "ms": deadline, "tx": in one transaction, "careless": its body
 *    swallows errors, "job", "crowd": as of one, "arg": $1, "times": how often each one runs}
 *   {"id": 2, "text": "a name", "arg": "$1"}   one of the texts below, which may be prepared
 *   {"id": 5, "sql": [...], "within": bytes}   none of the last one's rows if they are more
 *   {"id": 3, "side": true, "sql": [...]}      over the connection beside the pool
 *   {"id": 4, "listen": true}                  what it hears first on the channel db_probe
 *   {"cancel": 1}                              nobody waits for that order any more
 *
 *   {"id": 1, "code": "ok" or the error's, "detail", "ms", "tries": of the body, "rows": [...]}
 *
 * "rows" is the last statement's first column, or what was heard. At the end of input it waits for
 * all and stops. */
#include "../../common/base/crypto.h"
#include "../../common/base/fatal.h"
#include "../../common/base/json_in.h"
#include "../../common/base/json_out.h"
#include "../../common/base/log.h"
#include "../../common/db/db.h"
#include "../../common/db/db_side.h"

#include <pthread.h>

#define ORDERS_MAX 512
#define LINE_BYTES 16384

static const struct {
	const char *name, *sql;
} texts[] = {
	{"backend", "select pg_backend_pid() where $1::text is not null"},
	{"all", "select * from db_probe.t where $1::text is not null order by 1"},
	{"add", "insert into db_probe.t (id) values ($1::int)"},
	{"prepared", "select count(*) from pg_prepared_statements where name <> $1"},
};

struct order {
	struct ctx          cx;
	struct cancel       cancel;
	atomic_bool         is_crowd;
	const struct cJSON *json;
	int64_t             id, tries;
	struct db_rows      rows;
	const char         *heard;
	pthread_t           thread;
};

static struct order   *orders[ORDERS_MAX];
static size_t          orders_n;
static pthread_mutex_t out_lock = PTHREAD_MUTEX_INITIALIZER;

static struct err *run_texts(struct ctx *cx, struct order *o)
{
	const char *name = json_text_at(o->json, "text");

	for (size_t i = 0; i < COUNT(texts); i++)
		if (str_equal(texts[i].name, name))
			return db_query(cx, &o->rows, texts[i].sql,
			                ARGS(db_text(json_text_at(o->json, "arg"))));
	fatal("no text %s", name);
}

static struct err *run_sql(struct ctx *cx, struct order *o, const char *sql)
{
	const char         *arg = json_text_at(o->json, "arg");
	const struct db_val args[] = {db_text(arg)};
	int                 left = (int)json_num_at(o->json, "times", 1);
	size_t              within = (size_t)json_num_at(o->json, "within", 0);
	struct err         *e = NULL;
	bool                is_all;

	for (; left > 0 && !e; left--)
		e = within
		        ? db_query_within(cx, within, &o->rows, &is_all, sql, args, arg ? COUNT(args) : 0)
		        : db_query(cx, &o->rows, sql, args, arg ? COUNT(args) : 0);
	if (within && !e && is_all != (o->rows.count > 0))
		fatal("rows, and not all of them");
	return e;
}

static struct err *run_all(struct ctx *cx, void *data)
{
	struct order       *o = data;
	const struct cJSON *sql = json_at(o->json, "sql");
	bool                is_careless = json_bool_at(o->json, "careless", false);

	o->tries++;
	for (const struct cJSON *at = json_first(sql); at; at = json_next(at)) {
		struct err *e = run_sql(cx, o, json_text_at(at, ""));

		if (e && !is_careless)
			return e;
	}
	return json_text_at(o->json, "text") ? run_texts(cx, o) : NULL;
}

static struct err *run_beside(struct ctx *cx, struct order *o)
{
	struct err *e;

	TRY(db_side_enter(cx));
	e = run_all(cx, o);
	db_side_leave(cx, e);
	return e;
}

static struct err *listen_once(struct ctx *cx, struct order *o)
{
	struct deadline until = cx->deadline;
	struct err     *e = db_listen(cx, "db_probe");

	while (!e && !o->heard && deadline_left_ms(until))
		e = db_listen_wait(cx, deadline_left_ms(until), &o->heard);
	db_unlisten();
	return e;
}

static struct err *obey(struct ctx *cx, struct order *o)
{
	if (json_bool_at(o->json, "listen", false))
		return listen_once(cx, o);
	if (json_bool_at(o->json, "side", false))
		return run_beside(cx, o);
	return json_bool_at(o->json, "tx", false) ? db_tx(cx, run_all, o) : run_all(cx, o);
}

static void answer(struct order *o, const struct err *e, uint64_t start_ms)
{
	struct json_out *j = json_new(o->cx.arena, 0);
	struct span      line;

	json_obj(j, NULL);
	json_int(j, "id", o->id);
	json_str(j, "code", e ? err_code(e->kind) : "ok");
	json_bool(j, "cancelled", e && e->kind == ERR_CANCELLED);
	json_str(j, "detail", e ? e->detail : NULL);
	json_int(j, "ms", (int64_t)(clock_mono_ms() - start_ms));
	json_int(j, "tries", o->tries);
	json_arr(j, "rows");
	for (int i = 0; !e && i < o->rows.count; i++)
		json_str(j, NULL, row_text(&o->rows, i, 0));
	if (o->heard)
		json_str(j, NULL, o->heard);
	json_end(j);
	json_end(j);
	if (json_finish(&o->cx, j, &line))
		fatal("an answer is too large");
	pthread_mutex_lock(&out_lock);
	printf("%.*s\n", (int)line.len, line.ptr);
	fflush(stdout);
	pthread_mutex_unlock(&out_lock);
}

static void *carry_out(void *data)
{
	struct order *o = data;
	uint64_t      start_ms = clock_mono_ms();
	struct err   *e;

	o->cx.deadline = deadline_in((uint64_t)json_num_at(o->json, "ms", 20000));
	o->cx.cancel = &o->cancel;
	o->cx.is_job = json_bool_at(o->json, "job", false);
	o->is_crowd = json_bool_at(o->json, "crowd", false);
	o->cx.is_crowd = &o->is_crowd;
	e = obey(&o->cx, o);
	answer(o, e, start_ms);
	return NULL;
}

static void cancel_order(int64_t id)
{
	for (size_t i = 0; i < orders_n; i++)
		if (orders[i]->id == id)
			cancel_fire(&orders[i]->cancel, CANCEL_UNWANTED);
}

static void take_order(const char *line)
{
	struct order *o = calloc(1, sizeof(*o));

	if (!o || orders_n == ORDERS_MAX)
		fatal("too many orders");
	o->cx.arena = arena_new(4096);
	if (json_parse(&o->cx, span_of(line), &o->json))
		fatal("an order is not JSON");
	o->id = (int64_t)json_num_at(o->json, "id", 0);
	cancel_init(&o->cancel);
	if (json_at(o->json, "cancel"))
		cancel_order((int64_t)json_num_at(o->json, "cancel", 0));
	else if (pthread_create(&o->thread, NULL, carry_out, o))
		fatal("no thread");
	orders[orders_n++] = o;
}

static void end_orders(void)
{
	for (size_t i = 0; i < orders_n; i++) {
		if (orders[i]->thread)
			pthread_join(orders[i]->thread, NULL);
		cancel_end(&orders[i]->cancel);
		arena_free(&orders[i]->cx.arena);
		free(orders[i]);
	}
}

int main(void)
{
	const struct cfg_group *const groups[] = {&db_settings};
	static char                   line[LINE_BYTES];

	crypto_start();
	json_start();
	log_setup("db_probe", LOG_INFO);
	if (cfg_load(groups, COUNT(groups)))
		return 1;
	db_start("db_probe");
	while (fgets(line, sizeof(line), stdin))
		take_order(line);
	end_orders();
	db_stop();
	return 0;
}
