/* user.h -- from root to a user with fewer rights, for good. */
#ifndef USER_H
#define USER_H

#include "base.h"

#include <pwd.h>

/* NULL: there is no user of that name. What it returns is good until the next call. */
const struct passwd *user_named(const char *name);

/* All threads of the process become that user, in its own group alone. Ends the process when
 * it can not. Only root may call it. */
void user_become(const struct passwd *user);

#endif
