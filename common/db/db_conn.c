/* db_conn.c -- making connections.
 *
 * libpq's own limit for connecting does not hold when it is driven without
 * blocking, and it goes to the next host only when one refuses: a host that
 * is silent would use up all the time there is. So each host of the URL is
 * tried by itself, with what is left divided by those still to be tried. The
 * one that answered last comes first, so that a dead one costs its share once
 * and not with each connection. */
#include "db_conn.h"

#include "../base/fatal.h"
#include "../base/log.h"
#include "../base/str.h"

#define HOSTS_MAX  8
#define PARAMS_MAX 80 /* libpq knows some 40 */
#define REASON_MAX 300

/* Absent parts are NULL: libpq's own default. */
struct host {
	const char *name, *addr, *port;
};

static struct {
	struct arena     *arena;
	PQconninfoOption *options;
	struct host       hosts[HOSTS_MAX];
	size_t            hosts_n;
	const char       *role; /* NULL: as the URL says */
	const char       *program;
	unsigned          connect_ms;
	_Atomic(size_t)   answered; /* the host that did last */
} server;

struct params {
	const char *names[PARAMS_MAX + 1], *values[PARAMS_MAX + 1];
	size_t      n;
};

/* ---- what the URL says ---- */

static const char *option(const char *name)
{
	for (const PQconninfoOption *o = server.options; o->keyword; o++)
		if (str_equal(o->keyword, name))
			return o->val && *o->val ? o->val : NULL;
	return NULL;
}

/* The i-th of a comma list, whose parts may be empty; of one part alone, that one. */
static const char *part(const char *list, size_t i)
{
	const char *end;

	if (!list || !strchr(list, ','))
		return list;
	for (; i; i--) {
		list = strchr(list, ',');
		if (!list)
			return NULL;
		list++;
	}
	end = strchrnul(list, ',');
	return end == list ? NULL : arena_strndup(server.arena, list, (size_t)(end - list));
}

static size_t parts_n(const char *list)
{
	size_t n = 1;

	for (; list && *list; list++)
		n += *list == ',';
	return n;
}

static void read_hosts(void)
{
	const char *names = option("host"), *addrs = option("hostaddr"), *ports = option("port");

	server.hosts_n = parts_n(addrs ? addrs : names);
	if (server.hosts_n > HOSTS_MAX)
		fatal("DATABASE_URL: more than %d hosts", HOSTS_MAX);
	if ((names && parts_n(names) != server.hosts_n) ||
	    (parts_n(ports) != 1 && parts_n(ports) != server.hosts_n))
		fatal("DATABASE_URL: hosts, their addresses and ports are not equally many");
	for (size_t i = 0; i < server.hosts_n; i++)
		server.hosts[i] = (struct host){part(names, i), part(addrs, i), part(ports, i)};
}

/* libpq's complaint may quote the URL and with it the password: it is not shown. */
void db_conn_setup(const char *url, const char *role, const char *program, unsigned connect_ms)
{
	char *complaint = NULL;

	server.options = PQconninfoParse(url, &complaint);
	PQfreemem(complaint);
	if (!server.options)
		fatal("DATABASE_URL is not one that libpq understands");
	server.arena = arena_new(0);
	server.role = role;
	server.program = program;
	server.connect_ms = connect_ms;
	read_hosts();
}

void db_conn_forget_setup(void)
{
	PQconninfoFree(server.options);
	arena_free(&server.arena);
}

/* ---- one host ---- */

static void add(struct params *p, const char *name, const char *value)
{
	if (!value)
		return;
	if (p->n == PARAMS_MAX)
		fatal("DATABASE_URL has more than %d parameters", PARAMS_MAX);
	p->names[p->n] = name;
	p->values[p->n++] = value;
}

/* Of two values for one name the later counts: ours stand before the URL's, but for the host. A
 * peer that vanished is noticed in some seconds, also by PQcancel, which knows no deadline. */
static PGconn *start_connecting(const struct host *host, const char *attrs)
{
	struct params p = {0};

	add(&p, "fallback_application_name", server.program);
	add(&p, "tcp_user_timeout", "10000");
	add(&p, "keepalives_idle", "10");
	add(&p, "keepalives_interval", "2");
	add(&p, "keepalives_count", "3");
	for (const PQconninfoOption *o = server.options; o->keyword; o++)
		if (!str_equal(o->keyword, "host") && !str_equal(o->keyword, "hostaddr") &&
		    !str_equal(o->keyword, "port"))
			add(&p, o->keyword, o->val);
	add(&p, "user", server.role);
	add(&p, "host", host->name);
	add(&p, "hostaddr", host->addr);
	add(&p, "port", host->port);
	add(&p, "target_session_attrs", attrs);
	return PQconnectStartParams(p.names, p.values, false);
}

static enum waited wait_socket(struct ctx *cx, const PGconn *pg, bool for_writing,
                               struct deadline until)
{
	struct pollfd p = {.fd = PQsocket(pg), .events = for_writing ? POLLOUT : POLLIN};

	return wait_fds(cx->cancel, &p, 1, until);
}

enum waited db_conn_wait(struct ctx *cx, const struct db_conn *conn, bool for_writing)
{
	return wait_socket(cx, conn->pg, for_writing, cx->deadline);
}

/* libpq's reason in one line; it names hosts and users, never the password. */
static const char *reason(struct ctx *cx, const PGconn *pg)
{
	char *text =
		arena_strndup(cx->arena, PQerrorMessage(pg), strnlen(PQerrorMessage(pg), REASON_MAX));

	for (char *at = text; *at; at++)
		if (*at == '\n' || *at == '\t')
			*at = ' ';
	return text;
}

static struct err *refused(struct ctx *cx, const PGconn *pg)
{
	FAIL(cx, ERR_UNAVAILABLE, "the database does not accept connections: %s", reason(cx, pg));
}

static struct err *finish_connecting(struct ctx *cx, PGconn *pg, struct deadline until)
{
	bool        writing = true; /* as the libpq documentation asks: start by waiting to write */
	enum waited how;

	while ((how = wait_socket(cx, pg, writing, until)) == WAIT_READY) {
		PostgresPollingStatusType status = PQconnectPoll(pg);

		if (status == PGRES_POLLING_OK && PQsetnonblocking(pg, 1) == 0)
			return NULL;
		if (status == PGRES_POLLING_OK || status == PGRES_POLLING_FAILED)
			return refused(cx, pg);
		writing = status == PGRES_POLLING_WRITING;
	}
	if (how == WAIT_CANCELLED)
		FAIL(cx, ERR_CANCELLED, "cancelled while connecting to the database");
	FAIL(cx, ERR_UNAVAILABLE, "the database was silent while we connected");
}

static void quiet_notice(void *arg, const PGresult *result)
{
	(void)arg;
	(void)result;
}

static struct err *try_host(struct ctx *cx, const struct host *host, const char *attrs,
                            struct deadline until, PGconn **out)
{
	struct err *e;

	*out = start_connecting(host, attrs);
	if (!*out)
		fatal("out of memory: no database connection");
	PQsetNoticeReceiver(*out, quiet_notice, NULL);
	e = PQstatus(*out) == CONNECTION_BAD ? refused(cx, *out) : finish_connecting(cx, *out, until);
	if (e)
		PQfinish(*out);
	return e;
}

/* ---- all of them ---- */

static void log_passed_over(struct ctx *cx, const struct host *host, const struct err *e)
{
	LOG(LOG_WARN, cx, "database_host_failed", F_STR("host", host->addr ? host->addr : host->name),
	    F_STR("port", host->port), F_STR("detail", e->detail));
}

/* `rounds_left` more like this one share the time. */
static struct err *try_hosts(struct ctx *cx, const char *attrs, struct deadline until,
                             size_t rounds_left, PGconn **out)
{
	size_t      first = atomic_load(&server.answered);
	struct err *e = NULL;

	for (size_t i = 0; i < server.hosts_n; i++) {
		size_t at = (first + i) % server.hosts_n;
		size_t to_try = server.hosts_n * (rounds_left + 1) - i;

		e = try_host(cx, &server.hosts[at], attrs, deadline_in(deadline_left_ms(until) / to_try),
		             out);
		if (!e)
			atomic_store(&server.answered, at);
		if (!e || e->kind == ERR_CANCELLED)
			return e;
		if (server.hosts_n > 1)
			log_passed_over(cx, &server.hosts[at], e);
	}
	return e;
}

/* "prefer-standby" goes through the hosts twice, which libpq can do only when it has them all. */
static struct err *connect_any(struct ctx *cx, PGconn **out)
{
	struct deadline until = deadline_sooner(cx->deadline, deadline_in(server.connect_ms));
	struct err     *e;

	if (server.hosts_n == 1 || !str_equal(option("target_session_attrs"), "prefer-standby"))
		return try_hosts(cx, NULL, until, 0, out);
	e = try_hosts(cx, "standby", until, 1, out);
	return !e || e->kind == ERR_CANCELLED ? e : try_hosts(cx, "any", until, 0, out);
}

struct err *db_conn_open(struct ctx *cx, struct db_conn **out)
{
	struct db_conn *conn;
	PGconn         *pg;

	TRY(connect_any(cx, &pg));
	conn = calloc(1, sizeof(*conn));
	if (!conn)
		fatal("out of memory: no database connection");
	conn->pg = pg;
	conn->born_ms = clock_mono_ms();
	*out = conn;
	return NULL;
}

void db_conn_close(struct db_conn *conn)
{
	PQfinish(conn->pg);
	free(conn);
}
