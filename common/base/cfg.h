/* cfg.h -- settings: tables of environment variables, checked before any thread starts.
 *
 * A module owns a struct of values and a group that describes it; a program's
 * settings are the groups of what it uses. Values are read-only after
 * cfg_load and live as long as the process. */
#ifndef CFG_H
#define CFG_H

#include "str.h"

enum cfg_type { CFG_STR, CFG_INT, CFG_NUM, CFG_BOOL, CFG_URL, CFG_LIST };

enum {
	CFG_REQUIRED = 1, /* absent or empty is a problem */
	CFG_SECRET = 2,   /* in a file too: NAME_FILE, or systemd's LoadCredential=; never printed */
	CFG_OURS = 4      /* a secret of ours, not a provider's: cfg_check_secrets() looks at it */
};

struct cfg_key {
	const char   *env; /* "DB_POOL_SIZE" */
	enum cfg_type type;
	size_t        offset;   /* into the group's values */
	const char   *fallback; /* default as text; NULL: none, the value stays NULL or zero */
	unsigned      flags;
	int64_t       min, max; /* CFG_INT and CFG_NUM; 0,0: not bounded. CFG_OURS: least characters,
	                     * 0 of one that is public */
	const char   *help;     /* one line for --help and the README */
};

struct cfg_group {
	const char           *title;
	void                 *values;
	const struct cfg_key *keys;
	size_t                n;
};

/* The member's C type is checked against the setting's type at compile time. */
/* clang-format off */
#define CFG_KEY_(st, member, kind, ctype, name, ...) \
	{.env = (name), .type = (kind), \
	 .offset = offsetof(struct st, member) + \
	           0 * sizeof(char[__builtin_types_compatible_p( \
				__typeof__(((struct st *)0)->member), ctype) ? 1 : -1]), \
	 __VA_ARGS__}
/* clang-format on */
#define CFG_KEY_STR(st, m, name, ...)  CFG_KEY_(st, m, CFG_STR, const char *, name, __VA_ARGS__)
#define CFG_KEY_URL(st, m, name, ...)  CFG_KEY_(st, m, CFG_URL, const char *, name, __VA_ARGS__)
#define CFG_KEY_LIST(st, m, name, ...) CFG_KEY_(st, m, CFG_LIST, const char *, name, __VA_ARGS__)
#define CFG_KEY_INT(st, m, name, ...)  CFG_KEY_(st, m, CFG_INT, int64_t, name, __VA_ARGS__)
#define CFG_KEY_NUM(st, m, name, ...)  CFG_KEY_(st, m, CFG_NUM, double, name, __VA_ARGS__)
#define CFG_KEY_BOOL(st, m, name, ...) CFG_KEY_(st, m, CFG_BOOL, bool, name, __VA_ARGS__)

/* Adds KEY=VALUE lines of ./scribe.env to the environment where it has no such
 * name. No file is fine. Returns the number of lines it did not understand,
 * each reported on stderr. Under scripts/stack it adds nothing: that has read
 * the file already, and an edit counts when a reload has found it good. */
int cfg_load_file(void) CHECKED;

/* Fills the groups' values from the environment. Reports every problem, not
 * only the first, on stderr. Returns their number: 0 is success. */
int cfg_load(const struct cfg_group *const *groups, size_t n) CHECKED;

/* Reports, in the same way, what of CFG_OURS is too short, repeats itself, or is another's too: to
 * be called after cfg_load by what serves. Returns their number. */
int cfg_check_secrets(const struct cfg_group *const *groups, size_t n) CHECKED;

/* The text a setting has now, or its default; secrets become "(set)". Never NULL. */
const char *cfg_shown(const struct cfg_group *group, const struct cfg_key *key, struct arena *a);

/* Walks a CFG_LIST: its items, between commas, blanks or both (scripts/lib/settings.sh splits
 * alike); false at the end. Start with *rest = the list. */
bool cfg_next_item(struct span *rest, struct span *item_out);

#endif
