/* flag.c -- drawing lots that come out the same each time. */
#include "flag.h"

#include "../../base/crypto.h"
#include "../../base/str.h"

unsigned flag_bucket(struct arena *a, const char *salt, const char *owner)
{
	unsigned char hash[CRYPTO_HASH_BYTES];

	crypto_sha256(span_of(arena_printf(a, "%s:%s", salt, owner)), hash);
	return (((unsigned)hash[0] << 24) | ((unsigned)hash[1] << 16) | ((unsigned)hash[2] << 8) |
	        hash[3]) %
	       FLAG_SHARES;
}

static bool is_among(const char *list, const char *name)
{
	struct span value;

	return !list || (name && str_find_item(list, span_of(name), &value));
}

enum flag_state flag_state(struct arena *a, const struct flag *flag, const struct flag_who *who)
{
	const struct cJSON *wish = who->forced ? json_at(who->forced, flag->name) : NULL;

	if (wish && json_type(wish) == JSON_BOOL)
		return json_bool_at(wish, "", false) ? FLAG_forced_on : FLAG_forced_off;
	if (!is_among(flag->modes, who->mode) || !is_among(flag->origins, who->origin))
		return FLAG_absent;
	return flag_bucket(a, flag->salt, who->owner) < flag->share ? FLAG_on : FLAG_off;
}

const char *flag_word(enum flag_state state)
{
	static const char *const words[] = {
#define X(word) #word,
		FLAG_STATES(X)
#undef X
	};

	return words[state];
}
