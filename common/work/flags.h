/* flags.h -- the feature flags of this process, as the database had them a minute ago at most.
 *
 * One thread reads them, each FLAGS_SECONDS; who takes a turn computes from what was read last, and
 * asks nobody. While the database is away the last known ones count; before the first reading,
 * which begins with the program, who needs them waits for it, half a second at most; then there are
 * none. Thread-safe. */
#ifndef WORK_FLAGS_H
#define WORK_FLAGS_H

#include "../base/cfg.h"
#include "../domain/talk/flag.h"

extern const struct cfg_group flags_settings;

/* Behind db_start(), before requests are served; and before db_stop(). */
void flags_start(void);
void flags_stop(void);

struct flags {
	struct flag_applied {
		const char *name;
		bool        is_on;
		unsigned    counted_as; /* among metrics */
	} applied[FLAGS_MAX];       /* by name */
	size_t      n;
	const char *told; /* all of them, as turns.flags has it; NULL: none applied */
};

/* Which apply to who is meant, and are on; all of *out lives as long as the unit of work. */
void flags_judge(struct ctx *cx, const struct flag_who *who, struct flags *out);

/* Is this one on? */
bool flags_has(const struct flags *flags, const char *name);

/* Counts a turn with them. */
void flags_count(const struct flags *flags);

#endif
