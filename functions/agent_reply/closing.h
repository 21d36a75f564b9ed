/* closing.h -- what is said where a model fails in the middle of its reply. */
#ifndef CLOSING_H
#define CLOSING_H

#include "../../common/base/cfg.h"
#include "../../common/domain/talk/act.h"

extern const struct cfg_group closing_settings;

/* One short line in that language. */
const char *closing_line(enum language language) NEVER_NULL;

#endif
