/* nginx_failures.h -- requests that nginx had to answer itself, for their program was gone or hung:
 * it tells of each here, and they are counted beside what programs count of themselves. */
#ifndef NGINX_FAILURES_H
#define NGINX_FAILURES_H

#include "../../common/base/cfg.h"

extern const struct cfg_group nginx_failure_settings;

/* Begins and ends to listen, where this process serves and knows where. */
void nginx_failures_open(void);
void nginx_failures_close(void);

#endif
