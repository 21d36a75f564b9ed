/* slack.h -- the message to people that a session has become a lead: the job "slack_lead". */
#ifndef SLACK_H
#define SLACK_H

#include "../base/cfg.h"
#include "workers.h"

extern const struct cfg_group slack_settings;

/* Its key is the session's id. Never twice: an attempt is put on record before its request leaves,
 * and where nobody can know whether it arrived (no answer came, the worker died) the job is
 * buried with a note instead of sent again; scripts/jobs retry sends it all the same. 429 and
 * 500 are answers: nothing was posted, it is tried again. It waits for SLACK_WEBHOOK_URL. */
extern const struct job_kind slack_jobs[1];

/* May we post there? https to hooks.slack.com or a host of the comma list `hosts` (may be NULL);
 * plain http to this machine alone, for tests. */
bool slack_url_is_allowed(const char *url, const char *hosts);

#endif
