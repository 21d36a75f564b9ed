/* admin.c -- the tool behind scripts/admin: the people who may sign in.
 *
 *   admin add EMAIL ROLE NAME made|stdin
 *   admin list text|json
 *   admin role EMAIL ROLE
 *   admin reset EMAIL made|stdin
 *   admin remove EMAIL
 *   admin service-key DAYS */
#include "tool.h"

#include "../../common/base/fatal.h"
#include "../../common/base/json_in.h"
#include "../../common/base/json_out.h"
#include "../../common/base/utf8.h"
#include "../../common/domain/letters/escape.h"
#include "../../common/domain/who/contact.h"
#include "../../common/store/audit.h"
#include "../../common/store/people.h"
#include "../../common/web/keys.h"

#define PASSWORD_MIN  10
#define PASSWORD_MAX  200
#define MADE_CHARS    20
#define LIST_MAX      10000
#define JSON_MAX      ((size_t)64 << 20)
#define SECONDS_A_DAY 86400

/* ---- passwords ---- */

/* A hundred random bits, in characters that nobody takes for one another. */
static const char *make_password(struct ctx *cx)
{
	static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
	char             *text = arena_alloc_secret(cx->arena, MADE_CHARS + 1);

	for (size_t i = 0; i < MADE_CHARS; i++)
		text[i] = letters[crypto_random_below(sizeof(letters) - 1)];
	text[MADE_CHARS] = '\0';
	return text;
}

static struct err *read_password(struct ctx *cx, const char **out)
{
	size_t size = 4 * PASSWORD_MAX + 2;
	char  *line = arena_alloc_secret(cx->arena, size), *end;

	if (!fgets(line, (int)size, stdin))
		line[0] = '\0';
	end = line + strcspn(line, "\r\n");
	*end = '\0';
	if (!utf8_is_valid(span_of(line)) || utf8_length(span_of(line)) < PASSWORD_MIN ||
	    utf8_length(span_of(line)) > PASSWORD_MAX)
		FAIL(cx, ERR_INPUT, "a password has from %d to %d characters", PASSWORD_MIN, PASSWORD_MAX);
	*out = line;
	return NULL;
}

/* What is kept of it, and what is to be printed: NULL where it was read. */
static struct err *take_password(struct ctx *cx, const char *source, const char **kept_out,
                                 const char **made_out)
{
	const char *password = NULL;

	*made_out = NULL;
	if (str_equal(source, "stdin"))
		TRY(read_password(cx, &password));
	else
		*made_out = password = make_password(cx);
	*kept_out = crypto_password(cx->arena, span_of(password));
	if (!*kept_out)
		FAIL(cx, ERR_UNAVAILABLE, "there is no memory for a password (64 MiB)");
	return NULL;
}

static void print_made(const char *made)
{
	if (made)
		printf("password: %s\n", made);
}

/* ---- the commands ---- */

static struct err *email_of(struct ctx *cx, const char *text, const char **out)
{
	*out = contact_email_normalise(cx, span_of(text));
	if (!*out)
		FAIL(cx, ERR_INPUT, "'%s' is no address", text);
	return NULL;
}

static struct err *member_of(struct ctx *cx, const char *text, struct member *out)
{
	const char *email;
	bool        is_there;

	TRY(email_of(cx, text, &email));
	TRY(people_by_email(cx, email, out, &is_there));
	if (!is_there)
		FAIL(cx, ERR_NOT_FOUND, "nobody has the address %s", email);
	return NULL;
}

static struct err *add(struct ctx *cx, char **args)
{
	struct member_new member = {.role = args[1],
	                            .name = args[2],
	                            .is_confirmed = true,
	                            .is_admitted = true};
	const char       *id, *made;

	TRY(email_of(cx, args[0], &member.email));
	TRY(take_password(cx, args[3], &member.password, &made));
	TRY(people_add(cx, &member, tool_actor(), &id));
	if (!id)
		FAIL(cx, ERR_CONFLICT, "somebody has the address %s already", member.email);
	print_made(made);
	return NULL;
}

static struct err *set_role(struct ctx *cx, char **args)
{
	struct member_change change = {.role = args[1]};
	struct member        member;
	bool                 is_there;

	TRY(member_of(cx, args[0], &member));
	return people_change(cx, member.id, &change, tool_actor(), &is_there);
}

/* Also for who was shut out, or never confirmed the address. */
static struct err *reset(struct ctx *cx, char **args)
{
	struct member_change change = {.access = MEMBER_ENABLE, .is_confirmed = true};
	struct member        member;
	const char          *made;
	bool                 is_there;

	TRY(member_of(cx, args[0], &member));
	TRY(take_password(cx, args[1], &change.password, &made));
	TRY(people_change(cx, member.id, &change, tool_actor(), &is_there));
	print_made(made);
	return NULL;
}

static struct err *remove_one(struct ctx *cx, char **args)
{
	struct member member;
	bool          is_there;

	TRY(member_of(cx, args[0], &member));
	return people_remove(cx, member.id, tool_actor(), &is_there);
}

static const char *standing(const struct member *m)
{
	if (m->disabled_at)
		return "disabled";
	return m->admitted_at ? m->role : "signed up";
}

static void list_text(struct ctx *cx, const struct member *m, size_t n)
{
	printf("%-10s %-27s %-36s  %s\n", "MAY", "SIGNED IN", "ID", "WHO");
	for (size_t i = 0; i < n; i++)
		printf("%-10s %-27s %-36s  %s %s\n", standing(&m[i]),
		       m[i].signed_in_at ? m[i].signed_in_at : "never", m[i].id,
		       m[i].email ? escape_terminal(cx, m[i].email, false) : "(does not open)",
		       escape_terminal(cx, m[i].name, false));
}

static struct err *list_json(struct ctx *cx, const struct member *m, size_t n)
{
	struct json_out *j = json_new(cx->arena, JSON_MAX);
	struct span      json;

	json_arr(j, NULL);
	for (size_t i = 0; i < n; i++) {
		json_obj(j, NULL);
		json_str(j, "id", m[i].id);
		json_str(j, "email", m[i].email);
		json_str(j, "name", m[i].name);
		json_str(j, "role", m[i].role);
		json_str(j, "admitted_at", m[i].admitted_at);
		json_str(j, "disabled_at", m[i].disabled_at);
		json_str(j, "signed_in_at", m[i].signed_in_at);
		json_end(j);
	}
	json_end(j);
	TRY(json_finish(cx, j, &json));
	puts(escape_terminal_json(cx, json));
	return NULL;
}

static struct err *list(struct ctx *cx, char **args)
{
	struct audit_entry   told = {tool_actor(), "contact_read", "people", NULL};
	const struct member *m;
	int64_t              all;
	size_t               n;

	TRY(audit_write(cx, &told));
	TRY(people_list(cx, LIST_MAX, 0, &m, &n, &all));
	if (str_equal(args[0], "json"))
		return list_json(cx, m, n);
	list_text(cx, m, n);
	return NULL;
}

/* Needs no database. */
static int service_key(const char *days)
{
	const struct cfg_group *const groups[] = {&keys_settings};
	struct ctx                    cx = {.arena = arena_new(4096)};
	int64_t                       now = clock_unix_ms() / 1000, n, ends;
	const char                   *token = NULL;

	crypto_start();
	json_start();
	if (cfg_load_file() + cfg_load(groups, COUNT(groups)))
		return 1;
	if (!str_to_int(days, 1, 99999, &n))
		fatal("a service key is good for 1 to 99999 days");
	ends = now + n * SECONDS_A_DAY;
	token =
		keys_sign(&cx,
	              span_of(arena_printf(cx.arena,
	                                   "{\"iss\":\"scribe\",\"role\":\"service_role\",\"iat\":%lld,"
	                                   "\"exp\":%lld}",
	                                   (long long)now, (long long)ends)));
	if (token)
		puts(token);
	else
		fprintf(stderr, "admin: SCRIBE_JWT_SECRET is not set: no key can be signed\n");
	arena_free(&cx.arena);
	return token ? 0 : 1;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int         args_n;
		struct err *(*run)(struct ctx *cx, char **args);
	} commands[] = {
		{"add", 4, add},     {"list", 1, list},         {"role", 2, set_role},
		{"reset", 2, reset}, {"remove", 1, remove_one},
	};

	if (argc == 3 && str_equal(argv[1], "service-key"))
		return service_key(argv[2]);
	for (size_t i = 0; i < COUNT(commands); i++)
		if (argc == commands[i].args_n + 2 && str_equal(argv[1], commands[i].name)) {
			struct ctx *cx = tool_start("admin");

			return tool_end(commands[i].run(cx, argv + 2));
		}
	fatal("the command is not known; use scripts/admin");
}
