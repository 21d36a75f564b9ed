/* old_files.c -- the job that sweeps files, every moment and by a clock that is an hour and more
 * ahead, for storage_bucket.test.mjs. */
#include "../../common/base/cfg.h"
#include "../../common/engines/engine_room.h"
#include "../../common/web/service.h"
#include "../../common/work/object_bytes.h"
#include "../../common/work/object_upkeep.h"

#include <time.h>

#define AHEAD_S 3700

/* For our own code alone: what is signed is signed now. */
__attribute__((visibility("hidden"))) time_t time(time_t *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += AHEAD_S;
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}

static const struct job_kind jobs[] = {
	{.name = "test_sweep", .lease_ms = 30000, .every_ms = 200, .run = objects_sweep},
};

int main(int argc, char **argv)
{
	return service_main(argc, argv,
	                    &(struct service){.name = "old_files",
	                                      .methods = METHOD_POST,
	                                      .threads = 1,
	                                      .start = object_bytes_check,
	                                      .engines = &engine_room,
	                                      .settings =
	                                          (const struct cfg_group *const[]){OBJECT_SETTINGS},
	                                      .settings_n = 2,
	                                      .jobs = jobs,
	                                      .jobs_n = COUNT(jobs)});
}
