/* user.c -- from root to a user with fewer rights, for good. */
#include "user.h"

#include "fatal.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

const struct passwd *user_named(const char *name)
{
	return getpwnam(name);
}

void user_become(const struct passwd *user)
{
	if (setgroups(0, NULL) < 0 || setresgid(user->pw_gid, user->pw_gid, user->pw_gid) < 0 ||
	    setresuid(user->pw_uid, user->pw_uid, user->pw_uid) < 0)
		fatal("cannot become user %s: errno %d", user->pw_name, errno);
	if (setenv("HOME", user->pw_dir, 1) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		fatal("cannot give up the rights of root: errno %d", errno);
}
