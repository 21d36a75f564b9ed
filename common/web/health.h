/* health.h -- does this program live, and can it serve? The same answer for who watches from
 * outside, for the stack and for the host.
 *
 * It lives while its main thread and the loop of its outside calls turn: where they do not, only a
 * new start helps. It is ready when besides the database answers and has the schema that the
 * program was written for, its engines have their models, and there is room on the disks it needs.
 * What is amiss is told to who runs the system only; it is in the log, too. */
#ifndef HEALTH_H
#define HEALTH_H

#include "../base/cfg.h"
#include "../base/ctx.h"
#include "../base/metrics.h"
#include "../engines/engine_room.h"

#include <sys/statvfs.h>

extern const struct cfg_group health_settings;

enum health { HEALTH_NOT_ASKED, HEALTH_LIVE, HEALTH_READY };

/* What a path asks for: "/livez", "/readyz". */
enum health health_asked(const char *path);

/* Whose health it is; lives as long as the process. */
struct health_of {
	const char               *name;
	const struct engine_room *engines; /* NULL: it calls nobody */
	struct chain *const      *chains;
	size_t                    chains_n;
};

/* Once, before requests are served and while the process may still open the folders of its disks.
 * Returns the number of problems, each on stderr. */
int health_start(const struct health_of *of) CHECKED;

/* The main thread turns: call it every HEALTH_BEAT_MS at least. What lives then is written where
 * the programs of the host see it (metrics.h). */
#define HEALTH_BEAT_MS (METRIC_SOUND_MS / 4)
void health_beat(uint64_t now_ms);

/* Calls fn for each folder of SCRIBE_DISK_DIRS, with its disk as it is now. */
void health_disks(void (*fn)(struct span dir, const struct statvfs *disk, void *data), void *data);

struct health_question {
	enum health what;
	/* Names between blanks of programs that must live on this host besides; NULL: none. */
	const char *programs;
	bool        is_inside; /* who runs the system asks */
};

/* Looks, for a second at most, and answers as JSON. *is_well_out: all is as it should be. */
struct err *health_look(struct ctx *cx, const struct health_question *q, bool *is_well_out,
                        struct span *json_out) CHECKED;

#endif
