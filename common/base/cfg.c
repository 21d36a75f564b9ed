/* cfg.c -- settings from the environment, scribe.env and NAME_FILE. */
#include "cfg.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <unistd.h>

#define FILE_NAME    "scribe.env"
#define SUPERVISED   "SCRIBE_STACK_UNIT"
#define LINE_BYTES   8192
#define SECRET_BYTES 4096
#define SECRETS_MAX  32
#define SEPARATORS   ", \t\n\r\v\f"

/* LoadCredential=scribe:FOLDER makes scribe_NAME there of each file in the folder. */
#define CREDENTIALS    "CREDENTIALS_DIRECTORY"
#define CREDENTIALS_ID "scribe"

/* Secrets read from files; they stay as long as the process. */
static char *secrets[SECRETS_MAX];

static bool is_name(struct span key)
{
	for (size_t i = 0; i < key.len; i++)
		if (!isupper((unsigned char)key.ptr[i]) && key.ptr[i] != '_' &&
		    !isdigit((unsigned char)key.ptr[i]))
			return false;
	return key.len && isupper((unsigned char)key.ptr[0]);
}

/* "KEY=VALUE", the value bare or in double or single quotes. */
static bool take_line(char *line)
{
	struct span rest = span_trim(span_of(line)), key, value;
	char       *equals;

	if (rest.len == 0 || rest.ptr[0] == '#')
		return true;
	equals = memchr(rest.ptr, '=', rest.len);
	if (!equals || equals == rest.ptr)
		return false;
	key = (struct span){rest.ptr, (size_t)(equals - rest.ptr)};
	value = span_trim((struct span){equals + 1, rest.len - key.len - 1});
	if (value.len >= 2 && (value.ptr[0] == '"' || value.ptr[0] == '\'') &&
	    value.ptr[value.len - 1] == value.ptr[0])
		value = (struct span){value.ptr + 1, value.len - 2};
	key = span_trim(key);
	if (!is_name(key))
		return false;
	line[(size_t)(value.ptr - line) + value.len] = '\0';
	line[(size_t)(key.ptr - line) + key.len] = '\0';
	return setenv(key.ptr, value.ptr, 0) == 0;
}

int cfg_load_file(void)
{
	FILE *file;
	char  line[LINE_BYTES];
	int   problems = 0;

	if (getenv(SUPERVISED))
		return 0;
	file = fopen(FILE_NAME, "re");
	if (!file)
		return 0;
	for (int number = 1; fgets(line, sizeof(line), file); number++) {
		if (take_line(line))
			continue;
		fprintf(stderr, FILE_NAME ":%d: expected KEY=VALUE\n", number);
		problems++;
	}
	fclose(file);
	return problems;
}

static int complain(const struct cfg_key *key, const char *what)
{
	fprintf(stderr, "%s: %s (%s)\n", key->env, what, key->help);
	return 1;
}

static char *secret_buffer(void)
{
	for (size_t i = 0; i < SECRETS_MAX; i++)
		if (!secrets[i])
			return secrets[i] = calloc(1, SECRET_BYTES);
	return NULL;
}

/* The content of the file named by NAME_FILE, without its line end. */
static const char *read_secret_file(const char *path)
{
	FILE  *file = fopen(path, "re");
	char  *text;
	size_t len;

	if (!file)
		return NULL;
	text = secret_buffer();
	len = text ? fread(text, 1, SECRET_BYTES - 1, file) : 0;
	fclose(file);
	while (len && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		text[--len] = '\0';
	return text;
}

/* Sets path to what systemd has put there for a secret. False: nothing. */
static bool find_credential(const char *name, char path[PATH_MAX])
{
	const char *dir = getenv(CREDENTIALS);
	int         len = snprintf(path, PATH_MAX, "%s/" CREDENTIALS_ID "_%s", dir ? dir : "", name);

	return dir && *dir && len < PATH_MAX && access(path, F_OK) == 0;
}

/* Where a secret is, if not in the environment; else NULL. */
static const char *secret_path(const struct cfg_key *key, char credential[PATH_MAX])
{
	char        file_env[128];
	const char *path;

	if (!(key->flags & CFG_SECRET))
		return NULL;
	snprintf(file_env, sizeof(file_env), "%s_FILE", key->env);
	path = getenv(file_env);
	if (path && *path)
		return path;
	return find_credential(key->env, credential) ? credential : NULL;
}

/* The setting's text, NULL when there is none. Empty in the environment counts as absent. */
static const char *text_of(const struct cfg_key *key, int *problems)
{
	const char *value = getenv(key->env), *path;
	char        credential[PATH_MAX];

	if (value && *value)
		return value;
	path = secret_path(key, credential);
	if (!path)
		return key->fallback;
	value = read_secret_file(path);
	if (!value || !*value)
		*problems += complain(key, "the file named by its _FILE setting, or systemd's, is missing "
		                           "or empty");
	return value;
}

static bool is_url(const char *text)
{
	return strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0;
}

/* Where a URL names a port: behind a user's name and the brackets of an IPv6 address. */
static bool has_good_port(const char *url)
{
	const char *host = strstr(url, "://") + 3, *end = host + strcspn(host, "/?#");
	const char *port = end;
	char        text[8];
	int64_t     number;

	while (port > host && !strchr(":]@", port[-1]))
		port--;
	if (port == host || port[-1] != ':')
		return true;
	snprintf(text, sizeof(text), "%.*s", (int)(end - port), port);
	return str_to_int(text, 1, UINT16_MAX, &number);
}

static bool parse_bool(const char *text, bool *out)
{
	*out = str_equal(text, "1") || str_equal_nocase(text, "true") ||
	       str_equal_nocase(text, "yes") || str_equal_nocase(text, "on");
	return *out || str_equal(text, "0") || str_equal_nocase(text, "false") ||
	       str_equal_nocase(text, "no") || str_equal_nocase(text, "off");
}

static int load_int(const struct cfg_key *key, const char *text, int64_t *to)
{
	bool    bounded = key->min || key->max;
	int64_t value;
	char    what[96];

	if (str_to_int(text, bounded ? key->min : INT64_MIN, bounded ? key->max : INT64_MAX, &value)) {
		*to = value;
		return 0;
	}
	snprintf(what, sizeof(what), "must be a whole number from %lld to %lld", (long long)key->min,
	         (long long)key->max);
	return complain(key, what);
}

static int load_num(const struct cfg_key *key, const char *text, double *to)
{
	bool   bounded = key->min || key->max;
	double value;

	if (!str_to_double(text, &value) ||
	    (bounded && (value < (double)key->min || value > (double)key->max)))
		return complain(key, "must be a number in its range");
	*to = value;
	return 0;
}

static int load_value(const struct cfg_key *key, const char *text, void *to)
{
	switch (key->type) {
	case CFG_INT:
		return load_int(key, text, to);
	case CFG_NUM:
		return load_num(key, text, to);
	case CFG_BOOL:
		return parse_bool(text, to) ? 0 : complain(key, "must be 1 or 0");
	case CFG_URL:
		if (!is_url(text))
			return complain(key, "must begin with http:// or https://");
		if (!has_good_port(text))
			return complain(key, "its port must be a number from 1 to 65535");
		break;
	case CFG_STR:
	case CFG_LIST:
		break;
	}
	*(const char **)to = text;
	return 0;
}

static int load_key(const struct cfg_group *group, const struct cfg_key *key)
{
	int         problems = 0;
	const char *text = text_of(key, &problems);

	if (problems)
		return problems;
	if (text && *text)
		return load_value(key, text, (char *)group->values + key->offset);
	if (key->type == CFG_STR || key->type == CFG_URL || key->type == CFG_LIST)
		*(const char **)((char *)group->values + key->offset) = NULL;
	return key->flags & CFG_REQUIRED ? complain(key, "is required") : 0;
}

int cfg_load(const struct cfg_group *const *groups, size_t n)
{
	int problems = 0;

	for (size_t g = 0; g < n; g++)
		for (size_t k = 0; k < groups[g]->n; k++)
			problems += load_key(groups[g], &groups[g]->keys[k]);
	return problems;
}

/* ---- secrets that are none ---- */

struct secret {
	const struct cfg_key *key;
	const char           *text;
};

/* "aaaa", "abcabc". */
static bool repeats_itself(struct span text)
{
	for (size_t period = 1; period <= text.len / 2; period++)
		if (memcmp(text.ptr, text.ptr + period, text.len - period) == 0)
			return true;
	return false;
}

static int check_secret(const struct secret *all, size_t i)
{
	struct span text = span_of(all[i].text);
	char        what[128];

	for (size_t k = 0; k < i; k++)
		if (str_equal(all[k].text, all[i].text)) {
			snprintf(what, sizeof(what), "is the same as %s", all[k].key->env);
			return complain(all[i].key, what);
		}
	if (text.len < (size_t)all[i].key->min) {
		snprintf(what, sizeof(what), "is too short: give at least %d characters",
		         (int)all[i].key->min);
		return complain(all[i].key, what);
	}
	return all[i].key->min && repeats_itself(text)
	           ? complain(all[i].key, "repeats itself: give a random one")
	           : 0;
}

int cfg_check_secrets(const struct cfg_group *const *groups, size_t n)
{
	struct secret all[SECRETS_MAX];
	size_t        all_n = 0;
	int           problems = 0;

	for (size_t g = 0; g < n; g++)
		for (size_t k = 0; k < groups[g]->n; k++) {
			const struct cfg_key *key = &groups[g]->keys[k];
			const char           *text;

			if (!(key->flags & CFG_OURS) || all_n == SECRETS_MAX)
				continue;
			text = *(const char *const *)((const char *)groups[g]->values + key->offset);
			if (text)
				all[all_n++] = (struct secret){key, text};
		}
	for (size_t i = 0; i < all_n; i++)
		problems += check_secret(all, i);
	return problems;
}

const char *cfg_shown(const struct cfg_group *group, const struct cfg_key *key, struct arena *a)
{
	const void *at = (const char *)group->values + key->offset;
	const char *text;

	switch (key->type) {
	case CFG_INT:
		return arena_printf(a, "%lld", (long long)*(const int64_t *)at);
	case CFG_NUM:
		return arena_printf(a, "%g", *(const double *)at);
	case CFG_BOOL:
		return *(const bool *)at ? "1" : "0";
	default:
		text = *(const char *const *)at;
		if (text && *text && key->flags & CFG_SECRET)
			return "(set)";
		return text ? text : "";
	}
}

bool cfg_next_item(struct span *rest, struct span *item_out)
{
	size_t n;

	while (rest->len && strchr(SEPARATORS, rest->ptr[0])) {
		rest->ptr++;
		rest->len--;
	}
	for (n = 0; n < rest->len && !strchr(SEPARATORS, rest->ptr[n]);)
		n++;
	*item_out = (struct span){rest->ptr, n};
	rest->ptr += n;
	rest->len -= n;
	return n;
}
