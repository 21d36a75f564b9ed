/* service_settings.h -- which settings a program has: a group for each module that it uses. */
#ifndef SERVICE_SETTINGS_H
#define SERVICE_SETTINGS_H

#include "service.h"

struct settings {
	const struct cfg_group **groups;
	size_t                   n;
};

/* Each once, `first` before the others; in the arena. */
struct settings service_settings(struct arena *a, const struct service *s,
                                 const struct cfg_group *first);

#endif
