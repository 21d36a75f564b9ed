/* audio_cache.c -- the audio_cache table. */
#include "audio_cache.h"

#include "../db/db.h"

struct audio_cache_values {
	int64_t bytes_max;
};
static struct audio_cache_values values;

static const struct cfg_key keys[] = {
	CFG_KEY_INT(audio_cache_values, bytes_max, "AUDIO_CACHE_BYTES", .fallback = "268435456",
                .min = 0, .max = INT64_C(1) << 40,
                .help = "speech kept for texts that the same caller repeats; 0 keeps none"),
};

const struct cfg_group audio_cache_settings = {"Audio cache", &values, keys, COUNT(keys)};

/* Marking every use would write a row per read; once in five minutes tells as much. */
struct err *audio_cache_find(struct ctx *cx, const struct hash *key, struct cached_speech *out)
{
	struct db_rows rows;

	*out = (struct cached_speech){.provider = NULL};
	if (values.bytes_max == 0)
		return NULL;
	TRY(db_query(cx, &rows,
	             "with used as (update audio_cache set last_used_at = now()"
	             "  where key = $1::bytea and last_used_at < now() - interval '5 minutes')"
	             " select audio, provider from audio_cache where key = $1::bytea",
	             ARGS(db_bytes(hash_span(key)))));
	if (rows.count) {
		out->audio = row_bytes(cx, &rows, 0, 0);
		out->provider = row_text(&rows, 0, 1);
	}
	return NULL;
}

struct err *audio_cache_keep(struct ctx *cx, const struct hash *key, const char *format,
                             const char *session_id, const struct cached_speech *speech)
{
	if ((int64_t)speech->audio.len > values.bytes_max)
		return NULL;
	return db_exec(
		cx, NULL,
		"with kept as (insert into audio_cache (key, provider, format, audio,"
		"   session_id)"
		"  values ($1::bytea, $2, $3, $4::bytea, $6::uuid) on conflict (key) do nothing),"
		" ranked as (select key, sum(bytes) over (order by last_used_at desc, key)"
		"  + octet_length($4::bytea) as total from audio_cache)"
		" delete from audio_cache a using ranked r"
		"  where a.key = r.key and r.total > $5::bigint",
		ARGS(db_bytes(hash_span(key)), db_text(speech->provider), db_text(format),
	         db_bytes(speech->audio), db_int(values.bytes_max), db_text(session_id)));
}
