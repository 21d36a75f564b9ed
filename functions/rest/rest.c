/* rest -- the tables of leads for people who sign in, as PostgREST serves them to supabase-js.
 *
 * GET, HEAD /rest/v1/TABLE?select=...&col=op.value...   PATCH { col: value }   DELETE
 *   -> rows; 206 and Content-Range where they were counted; one object where Accept asks for it
 *
 * What somebody may see and change is PostgreSQL's to say (migrations/deploy/rest_access.sql); here
 * requests are read, and what is sealed is opened. */
#include "../../common/store/table_open.h"
#include "../../common/web/person.h"
#include "../../common/web/service.h"
#include "rest_change.h"
#include "rest_query.h"

#define COUNTED_ROWS_MAX 1000000 /* of a column that pages only count */
#define DELETED_ROWS_MAX 200     /* with all that hangs on them: others wait for what they lock */
#define OBJECT_TYPE      "application/vnd.pgrst.object+json"

struct rest_values {
	int64_t rows_max, bytes_max;
};
static struct rest_values values;

static const struct cfg_key rest_keys[] = {
	CFG_KEY_INT(rest_values, bytes_max, "REST_BYTES_MAX", .fallback = "67108864", .min = 65536,
                .max = 1073741824,
                .help = "bytes of rows in one answer to a person; what would be more is refused"),
	CFG_KEY_INT(rest_values, rows_max, "REST_ROWS_MAX", .fallback = "5000", .min = 1, .max = 100000,
                .help = "rows of a table in one answer to a person, at most; the range tells"),
};
static const struct cfg_group rest_settings = {"Tables for people", &values, rest_keys,
                                               COUNT(rest_keys)};

/* A request, and what becomes of it. */
struct rest {
	struct req          *rq;
	struct person_claims claims;
	struct table_query   q;
	struct table_change  change;
	bool                 is_head, is_change, is_delete, is_single, counts, shows;
	int64_t              total;  /* of rows, where they were counted; -1: not */
	int                  rows_n; /* told of or changed */
	struct span          body;
	struct err          *refused; /* said after the commit; NULL: nothing is */
};

/* ---- what is asked for ---- */

static struct err *read_table(struct rest *r)
{
	const char *path = req_path_info(r->rq), *profile = req_header(r->rq, "Accept-Profile");

	if (span_starts(span_of(path), SPAN("/rpc/")))
		FAIL_WORDED(req_ctx(r->rq), ERR_INPUT, .code = "PGRST100",
		            .text = "There are no functions to call here.");
	if (!profile)
		profile = req_header(r->rq, "Content-Profile");
	if (profile && !str_equal(profile, "public"))
		FAIL_WORDED(req_ctx(r->rq), ERR_INPUT, .status = 406, .code = "PGRST106",
		            .text = "The schema must be one of the following: public");
	r->q.table = *path == '/' ? table_named(span_of(path + 1)) : NULL;
	if (!r->q.table)
		FAIL_WORDED(req_ctx(r->rq), ERR_NOT_FOUND, .code = "PGRST205",
		            .text = "There is no such table.");
	return NULL;
}

static void read_wishes(struct rest *r)
{
	const char *method = req_method(r->rq), *prefer = req_header(r->rq, "Prefer");
	struct span value = SPAN("");

	r->is_head = str_equal(method, "HEAD");
	r->is_delete = str_equal(method, "DELETE");
	r->is_change = r->is_delete || str_equal(method, "PATCH");
	r->is_single = req_accepts(r->rq, OBJECT_TYPE);
	if (prefer)
		r->counts = str_find_item(prefer, SPAN("count"), &value) && value.len;
	value = SPAN("");
	if (prefer && str_find_item(prefer, SPAN("return"), &value))
		r->shows = span_equal(value, SPAN("representation"));
	r->shows = r->is_change ? r->shows : !r->is_head;
	r->total = -1;
}

/* Pages count what belongs to sessions by asking for the column alone, all of it. */
static int64_t rows_max(const struct table_query *q)
{
	bool is_counted = q->columns_n == 1 && str_equal(q->columns[0]->name, "session_id");

	return is_counted ? COUNTED_ROWS_MAX : values.rows_max;
}

static struct err *check_change(struct ctx *cx, const struct table_query *q)
{
	if (!q->filters_n)
		FAIL_WORDED(cx, ERR_INPUT, .code = "21000",
		            .text = "Which rows? A change of all of them is refused.");
	if (q->limit >= 0 || q->offset)
		FAIL_WORDED(cx, ERR_INPUT, .code = "PGRST109",
		            .text = "A change is of all rows that fit; limit and offset are for reading.");
	return NULL;
}

static struct err *read_request(struct rest *r)
{
	struct ctx *cx = req_ctx(r->rq);
	const char *range = req_header(r->rq, "Range");
	int64_t     most;

	TRY(read_table(r));
	if (str_equal(req_method(r->rq), "POST"))
		FAIL_WORDED(cx, ERR_METHOD, .code = "PGRST117", .text = "Rows are added by talking only.");
	TRY(rest_query_parse(cx, span_of(req_query(r->rq)), r->q.table, &r->q));
	if (range && *range != 'b' && !r->is_change) /* of rows, not "bytes=" */
		TRY(rest_range_parse(cx, range, &r->q));
	if (r->is_change)
		TRY(check_change(cx, &r->q));
	r->q.bytes_max = (size_t)values.bytes_max;
	most = rows_max(&r->q);
	if (r->q.limit < 0 || r->q.limit > most)
		r->q.limit = most;
	if (r->is_change && !r->is_delete)
		return rest_change_read(r->rq, r->q.table, &r->change);
	return NULL;
}

/* ---- in one transaction ---- */

/* An error of ours, about what was found, changes nothing, and is told after the commit: that an
 * address was looked for stays in the audit log. */
static struct err *tell_later(struct rest *r, struct err *e)
{
	if (!e || !e->words)
		return e;
	r->refused = e;
	return NULL;
}

static struct err *check_single(struct ctx *cx, const struct rest *r)
{
	if (!r->is_single || r->rows_n == 1)
		return NULL;
	FAIL_WORDED(cx, ERR_INPUT, .status = 406, .code = "PGRST116",
	            .text = "JSON object requested, multiple (or no) rows returned",
	            .details = arena_printf(cx->arena, "The result contains %d rows", r->rows_n));
}

static struct err *write_body(struct ctx *cx, struct rest *r, const struct db_rows *rows)
{
	struct json_out *j = json_new(cx->arena, r->q.bytes_max);

	if (!r->is_single)
		json_arr(j, NULL);
	TRY(table_write_rows(cx, &r->q, rows, j));
	if (!r->is_single)
		json_end(j);
	return json_finish(cx, j, &r->body) ? table_too_large(cx) : NULL;
}

static struct err *show(struct ctx *cx, struct rest *r, const char *only)
{
	struct db_rows rows;

	TRY(table_select(cx, &r->q, only, &rows));
	r->rows_n = rows.count;
	TRY(check_single(cx, r));
	return write_body(cx, r, &rows);
}

static struct err *check_offset(struct ctx *cx, const struct rest *r)
{
	if (!r->counts || r->q.offset <= r->total)
		return NULL;
	FAIL_WORDED(cx, ERR_INPUT, .status = 416, .code = "PGRST103",
	            .text = "Requested range not satisfiable",
	            .details = arena_printf(cx->arena,
	                                    "An offset of %lld was requested, but there are only %lld"
	                                    " rows.",
	                                    (long long)r->q.offset, (long long)r->total));
}

static struct err *read_rows(struct ctx *cx, void *data)
{
	struct rest *r = data;

	TRY(access_set(cx, &r->claims));
	if (r->is_head)
		r->q.columns_n = 0; /* nothing of them is told, so nothing is opened */
	TRY(table_find(cx, &r->q));
	if (r->counts)
		TRY(table_count(cx, &r->q, &r->total));
	TRY(tell_later(r, check_offset(cx, r)));
	return r->refused ? NULL : tell_later(r, show(cx, r, NULL));
}

/* Rows that may not be changed are not found to be changed; who may change none is told. */
static struct err *check_may_change(struct ctx *cx, const struct rest *r)
{
	const char *role;
	bool        may;

	TRY(table_role(cx, &role));
	may = str_equal(role, "owner") || str_equal(role, "admin") ||
	      (role && str_equal(r->q.table->name, "profiles"));
	if (!may || (r->is_delete && !r->q.table->may_delete))
		FAIL_WORDED(cx, ERR_INPUT, .status = str_equal(r->claims.role, "anon") ? 401 : 403,
		            .code = "42501",
		            .text = arena_printf(cx->arena, "permission denied for table %s",
		                                 r->q.table->name));
	return NULL;
}

static struct err *find_changed(struct ctx *cx, struct rest *r, const char **keys_out)
{
	int64_t most = r->is_delete ? DELETED_ROWS_MAX : values.rows_max;
	size_t  n;

	TRY(table_keys(cx, &r->q, most + 1, keys_out, &n));
	if ((int64_t)n > most)
		FAIL_WORDED(cx, ERR_INPUT, .code = "54000",
		            .text = "These are more rows than can be changed at once.",
		            .details = arena_printf(cx->arena, "At most %lld.", (long long)most));
	r->rows_n = (int)n;
	r->total = r->counts ? (int64_t)n : -1;
	return check_single(cx, r);
}

static const char *audited_as(const struct rest *r)
{
	if (r->is_delete)
		return "deleted";
	for (size_t i = 0; i < r->change.n; i++)
		if (r->change.columns[i]->kind == COLUMN_SEALED)
			return "contact_changed";
	return "changed";
}

static struct err *change_rows(struct ctx *cx, void *data)
{
	struct rest *r = data;
	const char  *keys;

	TRY(access_set(cx, &r->claims));
	TRY(check_may_change(cx, r));
	TRY(table_find(cx, &r->q));
	TRY(tell_later(r, find_changed(cx, r, &keys)));
	if (r->refused)
		return NULL;
	if (r->rows_n)
		TRY(table_audit(cx, &r->q, audited_as(r), keys));
	if (r->is_delete) {
		if (r->shows)
			TRY(show(cx, r, keys));
		return r->rows_n ? table_delete(cx, r->q.table, keys) : NULL;
	}
	if (r->rows_n)
		TRY(table_update(cx, r->q.table, keys, &r->change));
	return r->shows ? show(cx, r, keys) : NULL;
}

/* ---- the answer ---- */

static void tell_range(struct rest *r)
{
	struct buf range = buf_new(req_ctx(r->rq)->arena, 0);

	if (r->rows_n && !r->is_change)
		buf_printf(&range, "%lld-%lld/", (long long)r->q.offset,
		           (long long)r->q.offset + r->rows_n - 1);
	else
		buf_str(&range, "*/");
	if (r->total >= 0)
		buf_printf(&range, "%lld", (long long)r->total);
	else
		buf_char(&range, '*');
	req_set_header(r->rq, "Content-Range", buf_text(&range));
}

static int status_of(const struct rest *r)
{
	if (r->is_change)
		return r->shows ? 200 : 204;
	return r->total > r->rows_n && !r->is_single ? 206 : 200;
}

static struct err *rest(struct req *rq)
{
	struct rest  *r = NEW(req_ctx(rq)->arena, struct rest);
	struct person person;
	int           status;

	r->rq = rq;
	TRY(person_of(rq, &person));
	r->claims = person_claims(&person);
	read_wishes(r);
	TRY(read_request(r));
	TRY(db_tx(req_ctx(rq), r->is_change ? change_rows : read_rows, r));
	TRY(r->refused);
	tell_range(r);
	status = status_of(r);
	reply_bytes(rq, status,
	            status == 204  ? NULL
	            : r->is_single ? OBJECT_TYPE
	                           : "application/json",
	            r->shows ? r->body : SPAN(""));
	return NULL;
}

int main(int argc, char **argv)
{
	return service_main(argc, argv,
	                    &(struct service){.name = "rest",
	                                      .path = "/rest/v1",
	                                      .errors = ERRORS_REST,
	                                      .serves_people = true,
	                                      .methods = METHOD_GET | METHOD_HEAD | METHOD_POST |
	                                                 METHOD_PATCH | METHOD_DELETE,
	                                      .body_max = (size_t)256 << 10,
	                                      .deadline_ms = 20000,
	                                      .rate_per_minute = 600,
	                                      .threads = 16,
	                                      .client_max = 4,
	                                      .settings =
	                                          (const struct cfg_group *const[]){&rest_settings},
	                                      .settings_n = 1,
	                                      .handle = rest});
}
