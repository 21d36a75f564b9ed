/* distress.h -- what is said first to somebody in danger: by us, whatever a model would say.
 *
 * Short, human, without a number that may be wrong where it is heard: the emergency services, and a
 * person near. A deployment sets its own lines, with its own numbers. */
#ifndef DISTRESS_H
#define DISTRESS_H

#include "../base/cfg.h"
#include "../domain/talk/act.h"

extern const struct cfg_group distress_settings;

/* The line of a language; "" where a deployment has set none. */
const char *distress_line(enum language language) NEVER_NULL;

#endif
