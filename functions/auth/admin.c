/* admin.c -- people, for who holds the service key. */
#include "auth.h"

#include "../../common/store/audit.h"
#include "../../common/web/form.h"

#define ACTOR    "service_key"
#define PAGE_MAX 200
#define NAME_MAX 200
#define ROLE_MAX 20
#define BAN_MAX  40

struct in {
	const char         *email, *password, *ban_duration;
	bool                email_confirm;
	const struct cJSON *app_metadata, *user_metadata;
};

static const struct input_field fields[] = {
	INPUT_TEXT(in, email, .max = AUTH_EMAIL_MAX),
	INPUT_TEXT(in, password, .may_be_blank = true, .max = AUTH_PASSWORD_MAX),
	INPUT_TEXT(in, ban_duration, .max = BAN_MAX),
	INPUT_BOOL(in, email_confirm),
	INPUT_NODE(in, app_metadata, .is_object = true),
	INPUT_NODE(in, user_metadata, .is_object = true),
};

static struct err *nobody(struct ctx *cx)
{
	FAIL_WORDED(cx, ERR_NOT_FOUND, .code = "user_not_found", .text = "User not found");
}

static struct err *taken(struct ctx *cx)
{
	FAIL_WORDED(cx, ERR_CONFLICT, .status = 422, .code = "email_exists",
	            .text = "A user with this email address has already been registered");
}

/* app_metadata.role, or NULL. */
static struct err *read_role(struct ctx *cx, const struct in *in, const char **out)
{
	const char *role = in->app_metadata ? json_text_at(in->app_metadata, "role") : NULL;

	*out = role;
	if (!role || str_equal(role, "owner") || str_equal(role, "admin") || str_equal(role, "viewer"))
		return NULL;
	FAIL_WORDED(cx, ERR_INPUT, .code = "validation_failed",
	            .text = "app_metadata.role must be owner, admin or viewer.");
}

static struct err *read_name(struct ctx *cx, const struct in *in, const char **out)
{
	*out = in->user_metadata ? json_text_at(in->user_metadata, "display_name") : NULL;
	if (*out && utf8_length(span_of(*out)) > NAME_MAX)
		FAIL_WORDED(cx, ERR_INPUT, .code = "validation_failed",
		            .text = "user_metadata.display_name is longer than 200 characters.");
	return NULL;
}

static struct err *tell_audit(struct ctx *cx, const char *subject)
{
	return audit_write(cx, &(struct audit_entry){ACTOR, "contact_read", subject, NULL});
}

static struct err *reply_by_id(struct req *rq, const char *id)
{
	struct ctx   *cx = req_ctx(rq);
	struct member member;
	bool          is_there;

	TRY(people_by_id(cx, id, &member, &is_there));
	if (!is_there)
		return nobody(cx);
	TRY(tell_audit(cx, arena_printf(cx->arena, "people:%s", member.id)));
	reply_member(rq, 200, &member);
	return NULL;
}

static int64_t number_in(struct req *rq, const char *name, int64_t otherwise, int64_t max)
{
	const char *text = form_text(req_ctx(rq), span_of(req_query(rq)), name);
	int64_t     n;

	return text && str_to_int(text, 1, max, &n) ? n : otherwise;
}

/* By which auth-js tells how many pages there are. */
static const char *links(struct ctx *cx, int64_t page, int64_t per_page, int64_t all)
{
	int64_t     last = all > 0 ? (all + per_page - 1) / per_page : 1;
	const char *next =
		page < last ? arena_printf(cx->arena, "</auth/v1/admin/users?page=%lld>; rel=\"next\", ",
	                               (long long)page + 1)
					: "";

	return arena_printf(cx->arena, "%s</auth/v1/admin/users?page=%lld>; rel=\"last\"", next,
	                    (long long)last);
}

static struct err *list(struct req *rq)
{
	struct ctx          *cx = req_ctx(rq);
	int64_t              per_page = number_in(rq, "per_page", 50, PAGE_MAX), all;
	int64_t              page = number_in(rq, "page", 1, INT32_MAX);
	const struct member *found;
	struct json_out     *j;
	size_t               n;

	TRY(tell_audit(cx, "people"));
	TRY(people_list(cx, (int)per_page, (page - 1) * per_page, &found, &n, &all));
	req_set_header(rq, "X-Total-Count", arena_printf(cx->arena, "%lld", (long long)all));
	req_set_header(rq, "Link", links(cx, page, per_page, all));
	j = reply_json(rq, 200, 0);
	json_obj(j, NULL);
	json_arr(j, "users");
	for (size_t i = 0; i < n; i++)
		answer_member(j, NULL, &found[i]);
	json_end(j);
	json_str(j, "aud", "authenticated");
	json_end(j);
	return NULL;
}

/* Who is made with the service key is admitted. */
static struct err *add(struct req *rq)
{
	struct ctx       *cx = req_ctx(rq);
	struct in         in = {.email = NULL};
	struct member_new member = {.is_admitted = true};
	const char       *id;

	TRY(input_parse(rq, fields, COUNT(fields), &in));
	if (!in.email)
		FAIL_FIELD(cx, "email", "is missing");
	TRY(email_of(cx, in.email, &member.email));
	TRY(read_role(cx, &in, &member.role));
	TRY(read_name(cx, &in, &member.name));
	if (in.password)
		TRY(password_make(cx, in.password, &member.password));
	member.is_confirmed = in.email_confirm;
	TRY(people_add(cx, &member, ACTOR, &id));
	return id ? reply_by_id(rq, id) : taken(cx);
}

static struct err *change(struct req *rq, const char *id)
{
	struct ctx          *cx = req_ctx(rq);
	struct in            in = {.email = NULL};
	struct member_change c = {.access = MEMBER_AS_IS};
	struct err          *e;
	bool                 is_there;

	TRY(input_parse(rq, fields, COUNT(fields), &in));
	if (in.email)
		TRY(email_of(cx, in.email, &c.email));
	TRY(read_role(cx, &in, &c.role));
	if (in.password)
		TRY(password_make(cx, in.password, &c.password));
	if (in.user_metadata)
		FAIL_WORDED(cx, ERR_INPUT, .code = "validation_failed",
		            .text = "user_metadata can be given when somebody is made only.");
	if (in.ban_duration)
		c.access = str_equal(in.ban_duration, "none") ? MEMBER_ENABLE : MEMBER_DISABLE;
	c.is_confirmed = in.email_confirm;
	e = people_change(cx, id, &c, ACTOR, &is_there);
	if (e && e->kind == ERR_CONFLICT)
		return taken(cx);
	TRY(e);
	return is_there ? reply_by_id(rq, id) : nobody(cx);
}

static struct err *remove_one(struct req *rq, const char *id)
{
	bool is_there;

	TRY(people_remove(req_ctx(rq), id, ACTOR, &is_there));
	return is_there ? reply_empty(rq) : nobody(req_ctx(rq));
}

static struct err *wrong_method(struct req *rq, const char *allowed)
{
	req_set_header(rq, "Allow", allowed);
	FAIL(req_ctx(rq), ERR_METHOD, "method is not one of %s", allowed);
}

static struct err *users(struct req *rq)
{
	if (str_equal(req_method(rq), "GET"))
		return list(rq);
	return str_equal(req_method(rq), "POST") ? add(rq) : wrong_method(rq, "GET, POST, OPTIONS");
}

static struct err *one(struct req *rq, const char *id)
{
	if (!str_is_uuid(id))
		return nobody(req_ctx(rq));
	if (str_equal(req_method(rq), "GET"))
		return reply_by_id(rq, id);
	if (str_equal(req_method(rq), "PUT"))
		return change(rq, id);
	if (str_equal(req_method(rq), "DELETE"))
		return remove_one(rq, id);
	return wrong_method(rq, "GET, PUT, DELETE, OPTIONS");
}

struct err *admin_users(struct req *rq, const char *behind)
{
	struct person person;

	TRY(caller_of(rq, &person));
	if (person.role != PERSON_SERVICE)
		FAIL_WORDED(req_ctx(rq), ERR_UNAUTHORIZED, .status = 403, .code = "not_admin",
		            .text = "This endpoint requires the service key");
	if (!*behind || str_equal(behind, "/"))
		return users(rq);
	return one(rq, behind + 1);
}
