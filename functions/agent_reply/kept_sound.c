/* kept_sound.c -- onto the shelf, and a copy of it. */
#include "kept_sound.h"

#include "shelf.h"

static const char *key_of(struct ctx *cx, const struct turn *turn)
{
	return arena_printf(cx->arena, "sound %s %lld", turn->session_id, (long long)turn->number);
}

static void *join(struct arena *a, const void *value)
{
	struct span *joined = NEW(a, struct span);

	*joined = sound_joined(a, value);
	return joined;
}

bool kept_sound_put(struct ctx *cx, const struct turn *turn, const struct reply_sound *sound)
{
	struct arena       *memory = *sound->memory;
	struct reply_sound *kept;

	if (sound->bytes == 0)
		return false;
	kept = NEW(memory, struct reply_sound);
	*kept = *sound;
	*sound->memory = NULL;
	shelf_put(key_of(cx, turn), TURN_JOIN_MS + TURN_JOIN_AGE_MS, memory, kept);
	return true;
}

bool kept_sound_take_back(struct ctx *cx, const struct turn *turn)
{
	return shelf_take(cx, key_of(cx, turn)) != NULL;
}

bool kept_sound_find(struct ctx *cx, const struct turn *turn, struct span *out)
{
	const struct span *sound = shelf_copy(cx, key_of(cx, turn), join);

	if (sound)
		*out = *sound;
	return sound != NULL;
}
