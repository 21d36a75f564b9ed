/* user.h -- from root to a user with fewer rights, for good. */
#ifndef USER_H
#define USER_H

#include "base.h"

#include <pwd.h>

/* NULL: there is no user of that name. What it returns is good until the next call. */
const struct passwd *user_named(const char *name);

/* All threads of the process become that user, in its own group alone, and HOME its home: libraries
 * look there, and some fail where they may not look. Others of that user can not look into the
 * process, and it can not gain rights by running something else. Ends the process when any of this
 * fails. Only root may call it, before there are threads. */
void user_become(const struct passwd *user);

#endif
