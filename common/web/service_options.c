/* service_options.c -- --help, --show-config, --check-config, --jobs-only. */
#include "service_options.h"

bool service_option(int argc, char **argv, const struct service *s, enum service_option *out)
{
	static const struct {
		const char         *text;
		enum service_option option;
	} known[] = {
		{"--check-config", OPTION_CHECK_CONFIG},
		{"--show-config", OPTION_SHOW_CONFIG},
		{"--jobs-only", OPTION_JOBS_ONLY},
		{"--help", OPTION_HELP},
	};

	*out = OPTION_SERVE;
	if (argc <= 1)
		return true;
	for (size_t i = 0; i < COUNT(known) && argc == 2; i++) {
		if (str_equal(argv[1], known[i].text) &&
		    (known[i].option != OPTION_JOBS_ONLY || s->jobs_n)) {
			*out = known[i].option;
			return true;
		}
	}
	fprintf(stderr, "%s: unknown option %s; try --help\n", argv[0], argv[1]);
	return false;
}

static void help_group(const struct cfg_group *g)
{
	printf("\n%s\n", g->title);
	for (size_t i = 0; i < g->n; i++) {
		const struct cfg_key *key = &g->keys[i];

		printf("  %-28s %s%s%s%s\n", key->env, key->help, key->fallback ? " [" : "",
		       key->fallback ? key->fallback : "", key->fallback ? "]" : "");
	}
}

int options_help(const struct service *s, const struct cfg_group *const *groups, size_t n)
{
	printf("%s [--check-config | --show-config |%s --help]\n"
	       "\n"
	       "Serves FastCGI on the listening socket it finds as descriptor 0; without\n"
	       "one, a single request as plain CGI. SIGTERM lets the requests in hand finish.\n"
	       "%s"
	       "Settings, from the environment or scribe.env:\n",
	       s->name, s->jobs_n ? " --jobs-only |" : "",
	       s->jobs_n ? "With --jobs-only it serves nothing and works its jobs.\n" : "");
	for (size_t i = 0; i < n; i++)
		help_group(groups[i]);
	return 0;
}

static void show_methods(struct json_out *j, const struct service *s)
{
	json_arr(j, "methods");
#define X(name, bit) \
	if (s->methods & METHOD_##name) \
		json_str(j, NULL, #name);
	METHODS(X)
#undef X
	json_end(j);
}

/* Where nginx is to send requests from: a path of its own, or all below one. */
static void show_path(struct json_out *j, struct arena *a, const struct service *s)
{
	json_str(j, "path",
	         s->path ? s->path
	                 : arena_printf(a, "%s%s", s->for_operators ? "/" : "/functions/v1/", s->name));
	json_bool(j, "for_operators", s->for_operators);
	json_bool(j, "has_path_info", s->path != NULL);
	json_str(j, "protocol", s->serve ? "websocket" : "fastcgi");
}

static void show_group(struct json_out *j, struct arena *a, const struct cfg_group *g)
{
	for (size_t i = 0; i < g->n; i++) {
		json_obj(j, NULL);
		json_str(j, "name", g->keys[i].env);
		json_str(j, "value", cfg_shown(g, &g->keys[i], a));
		json_str(j, "default", g->keys[i].fallback ? g->keys[i].fallback : "");
		json_bool(j, "secret", g->keys[i].flags & CFG_SECRET);
		json_str(j, "group", g->title);
		json_str(j, "help", g->keys[i].help);
		json_end(j);
	}
}

/* Who has all that may work for it in hand may have as many waiting. Where a program has no such
 * number, one client may not have every thread. */
static unsigned connections_of(unsigned threads, unsigned client_max)
{
	if (client_max)
		return 2 * client_max;
	return threads > 1 ? threads / 2 : 1;
}

int options_show(const struct service *s, unsigned threads, unsigned client_max,
                 const struct cfg_group *const *groups, size_t n)
{
	struct ctx       cx = {.arena = arena_new(4096)};
	struct json_out *j = json_new(cx.arena, 0);
	struct span      json;
	struct err      *e;

	json_obj(j, NULL);
	json_str(j, "name", s->name);
	show_path(j, cx.arena, s);
	show_methods(j, s);
	json_int(j, "body_max", (int64_t)s->body_max);
	json_int(j, "deadline_ms", s->deadline_ms);
	json_int(j, "rate_per_minute", s->rate_per_minute);
	json_int(j, "rate_factor", s->rate_factor ? s->rate_factor : 1);
	json_int(j, "threads", threads);
	json_int(j, "connections_per_client", connections_of(threads, client_max));
	json_bool(j, "stream", s->streams);
	json_arr(j, "settings");
	for (size_t i = 0; i < n; i++)
		show_group(j, cx.arena, groups[i]);
	json_end(j);
	json_end(j);
	e = json_finish(&cx, j, &json);
	if (e)
		fprintf(stderr, "%s: %s\n", s->name, e->detail);
	else
		puts(json.ptr);
	arena_free(&cx.arena);
	return e ? 1 : 0;
}

int options_complain(const struct service *s, int problems)
{
	fprintf(stderr, "%s: %d problem%s in its settings; it does not start\n", s->name, problems,
	        problems == 1 ? "" : "s");
	return 1;
}
