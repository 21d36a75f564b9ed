/* export.c -- read, written as a file, and put where it was promised. */
#include "export.h"

#include "../base/json_in.h"
#include "../base/json_out.h"
#include "../db/db.h"
#include "../domain/letters/escape.h"
#include "../store/access.h"
#include "../store/objects.h"
#include "object_bytes.h"
#include "lead_lists.h"

#define ROWS_MAX 20000 /* the best leads, the newest sessions */
#define BUCKET   "exports"

/* What was asked for. */
struct wish {
	const char        *what, *format, *name;
	const char        *person; /* NULL: the service key */
	const char        *actor;
	struct lead_filter filter;
};

static struct err *read_wish(struct ctx *cx, const struct cJSON *payload, struct wish *out)
{
	*out = (struct wish){.what = json_text_at(payload, "what"),
	                     .format = json_text_at(payload, "format"),
	                     .name = json_text_at(payload, "name"),
	                     .person = json_text_at(payload, "person"),
	                     .filter = {.since = json_text_at(payload, "since"),
	                                .until = json_text_at(payload, "until"),
	                                .limit = ROWS_MAX}};
	out->actor = out->person ? arena_printf(cx->arena, "person:%s", out->person) : "service_role";
	if (!out->what || !out->format || !out->name)
		FAIL(cx, ERR_INPUT, "it does not tell what is to be exported");
	return NULL;
}

/* ---- whether they may still have it ---- */

struct asking {
	const struct cJSON *claims;
	const char         *role;
};

static struct err *ask_role(struct ctx *cx, void *data)
{
	struct asking       *a = data;
	struct person_claims claims = {.role = json_text_at(a->claims, "role"),
	                               .sub = json_text_at(a->claims, "sub"),
	                               .session_id = json_text_at(a->claims, "session_id")};

	if (!claims.role)
		return NULL;
	TRY(access_set(cx, &claims));
	return access_role(cx, &a->role);
}

static struct err *check_role(struct ctx *cx, const struct cJSON *payload, const struct wish *w)
{
	struct asking a = {.claims = json_at(payload, "claims")};

	if (a.claims)
		TRY(db_tx(cx, ask_role, &a));
	if (!a.role || (str_equal(a.role, "viewer") && !str_equal(w->what, "sessions")))
		FAIL(cx, ERR_UNAUTHORIZED, "who asked may not have it any more");
	return NULL;
}

/* ---- making it ---- */

static struct err *finish_json(struct ctx *cx, struct json_out *j, struct span *out)
{
	struct span json;

	json_end(j);
	TRY(json_finish(cx, j, &json));
	*out = span_of(escape_terminal_json(cx, json));
	return NULL;
}

static struct err *finish_csv(struct ctx *cx, const struct buf *b, struct span *out)
{
	if (b->is_full)
		FAIL(cx, ERR_INTERNAL, "the list is larger than %zu bytes", OBJECT_FILE_MAX);
	*out = buf_span(b);
	return NULL;
}

static struct err *list_leads(struct ctx *cx, const struct wish *w, struct span *out)
{
	struct buf       csv = buf_new(cx->arena, OBJECT_FILE_MAX);
	struct json_out *j;
	struct lead     *leads;
	size_t           n;

	TRY(leads_list(cx, &w->filter, w->actor, &leads, &n));
	if (str_equal(w->format, "csv")) {
		lead_list_csv(cx, &csv, leads, n);
		return finish_csv(cx, &csv, out);
	}
	j = json_new(cx->arena, OBJECT_FILE_MAX);
	json_arr(j, NULL);
	for (size_t i = 0; i < n; i++) {
		json_obj(j, NULL);
		lead_members(j, &leads[i]);
		json_end(j);
	}
	return finish_json(cx, j, out);
}

static struct err *list_sessions(struct ctx *cx, const struct wish *w, struct span *out)
{
	struct buf          csv = buf_new(cx->arena, OBJECT_FILE_MAX);
	struct json_out    *j;
	struct session_row *rows;
	size_t              n;

	TRY(sessions_list(cx, &w->filter, &rows, &n));
	if (str_equal(w->format, "csv")) {
		session_list_csv(cx, &csv, rows, n);
		return finish_csv(cx, &csv, out);
	}
	j = json_new(cx->arena, OBJECT_FILE_MAX);
	json_arr(j, NULL);
	for (size_t i = 0; i < n; i++) {
		json_obj(j, NULL);
		session_members(j, &rows[i]);
		json_end(j);
	}
	return finish_json(cx, j, out);
}

/* ---- putting it there ---- */

struct putting {
	const struct job *job;
	struct object_put put;
	bool              has_room;
	const char       *id;
};

static struct err *put(struct ctx *cx, void *data)
{
	struct putting *p = data;

	TRY(job_extend(cx, p->job));
	TRY(objects_have_room(cx, (int64_t)p->put.file->size, &p->has_room));
	return p->has_room ? objects_put(cx, &p->put, &p->id) : NULL;
}

/* One that is there already was made by a try of which nobody heard. The job is changed with it:
 * where somebody in the list is being forgotten, which removes the job, one waits for the other. */
static struct err *keep(struct ctx *cx, const struct job *job, const struct wish *w,
                        struct span bytes)
{
	struct object_file file;
	struct putting     p = {.job = job,
	                        .put = {.bucket = BUCKET,
	                                .name = w->name,
	                                .file = &file,
	                                .type = str_equal(w->format, "csv") ? "text/csv; charset=utf-8"
	                                                                    : "application/json",
	                                .cache_control = "no-cache",
	                                .owner = w->person,
	                                .by_system = true}};
	struct err        *e;

	TRY(object_bytes_keep(cx, bytes, &file));
	e = db_tx(cx, put, &p);
	if (!p.id && !(e && e->uncertain))
		(void)!object_bytes_remove(cx, file.version);
	TRY(e);
	if (!p.has_room)
		FAIL(cx, ERR_UNAVAILABLE, "there is no room for it");
	return NULL;
}

struct err *export_run(struct ctx *cx, struct job *job)
{
	const struct cJSON *payload;
	struct wish         w;
	struct span         list;
	struct err         *e;

	TRY(json_parse(cx, job->payload, &payload));
	e = read_wish(cx, payload, &w);
	if (!e)
		e = check_role(cx, payload, &w);
	if (e && (e->kind == ERR_INPUT || e->kind == ERR_UNAUTHORIZED))
		return job_hopeless(job, e);
	TRY(e);
	TRY(str_equal(w.what, "leads") ? list_leads(cx, &w, &list) : list_sessions(cx, &w, &list));
	return keep(cx, job, &w, list);
}
