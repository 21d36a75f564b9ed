/* engine_room.h -- what a program must start before it can call out or use engines.
 *
 * A program names it in its struct service; one that does not carries neither
 * libcurl nor any engine, which is half of its memory. */
#ifndef ENGINE_ROOM_H
#define ENGINE_ROOM_H

#include "provider.h"

struct engine_room {
	const struct cfg_group *const *settings; /* of calls to outside services */
	size_t                         settings_n;
	/* The problems of the chains alone, each on stderr; nothing is started. */
	int (*check)(struct chain *const *chains, size_t n);
	/* Starts calling out, then the chains. Returns the number of problems, each on stderr. */
	int (*start)(struct chain *const *chains, size_t n);
	/* Connects to who is likely to be asked soon; for a program that serves many requests. */
	void (*warm)(struct chain *const *chains, size_t n);
	/* Does what drives the calls still run? */
	bool (*is_beating)(void);
	/* The name of an engine that should work and can not (chain_lacking); NULL: there is none. */
	const char *(*lacking)(struct chain *const *chains, size_t n);
	void (*stop)(struct chain *const *chains, size_t n);
};

extern const struct engine_room engine_room;

#endif
