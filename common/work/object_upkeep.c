/* object_upkeep.c -- rows go first, their bytes after them; whoever dies in between is followed. */
#include "object_upkeep.h"

#include "../base/json_out.h"
#include "../base/log.h"
#include "../store/objects.h"
#include "object_bytes.h"

#define BATCH 200

/* What can not be removed is passed over, and tried again with the next job. */
static struct err *bury_some(struct ctx *cx, size_t *failed, bool *more_out)
{
	const char **versions, **gone;
	size_t       n, gone_n = 0;
	const char  *json;

	TRY(objects_gone(cx, BATCH, *failed, &versions, &n));
	gone = NEW_ARRAY(cx->arena, const char *, n + 1);
	for (size_t i = 0; i < n; i++)
		if (object_bytes_remove(cx, versions[i]))
			gone[gone_n++] = versions[i];
	TRY(json_texts(cx, gone, gone_n, &json));
	*failed += n - gone_n;
	*more_out = n == BATCH;
	return gone_n ? objects_forget_gone(cx, json) : NULL;
}

struct err *objects_bury(struct ctx *cx, struct job *job)
{
	bool   more = true;
	size_t failed = 0;

	while (more) {
		TRY(job_extend(cx, job));
		TRY(bury_some(cx, &failed, &more));
	}
	if (failed)
		LOG(LOG_WARN, cx, "files_not_removed", F_INT("files", failed));
	return NULL;
}

struct err *objects_sweep(struct ctx *cx, struct job *job)
{
	int64_t n = BATCH, removed;

	while (n >= BATCH) {
		TRY(job_extend(cx, job));
		TRY(objects_expire(cx, BATCH, &n));
	}
	TRY(objects_bury(cx, job));
	TRY(object_bytes_sweep(cx, job, &removed));
	if (removed)
		LOG(LOG_INFO, cx, "files_swept", F_INT("removed", removed));
	return NULL;
}
