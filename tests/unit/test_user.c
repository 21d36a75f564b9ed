/* test_user.c -- from root to a user with fewer rights, for good. */
#include "unit.h"

#include "../../common/base/str.h"
#include "../../common/base/user.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define USER "daemon"

/* What is not as it should be. */
enum {
	KEEPS_IDS = 1,
	KEEPS_GROUPS = 2,
	COMES_BACK = 4,
	KEEPS_HOME = 8,
	IS_OPEN = 16,
	MAY_GAIN = 32
};

static int faults_of(const struct passwd *user)
{
	uid_t real, effective, saved;
	gid_t groups[64];
	int   faults = 0, n = getgroups(64, groups);

	getresuid(&real, &effective, &saved);
	if (real != user->pw_uid || effective != user->pw_uid || saved != user->pw_uid)
		faults |= KEEPS_IDS;
	if (n != 0 || getgid() != user->pw_gid || getegid() != user->pw_gid)
		faults |= KEEPS_GROUPS;
	if (setuid(0) == 0 || setgid(0) == 0)
		faults |= COMES_BACK;
	if (!str_equal(getenv("HOME"), user->pw_dir))
		faults |= KEEPS_HOME;
	if (prctl(PR_GET_DUMPABLE) != 0)
		faults |= IS_OPEN;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		faults |= MAY_GAIN;
	return faults;
}

static void leaves_root_for_good(void **state)
{
	pid_t pid;
	int   status;

	(void)state;
	if (geteuid() != 0)
		return; /* who is not root has nothing to leave */
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		user_become(user_named(USER));
		_exit(faults_of(user_named(USER)));
	}
	waitpid(pid, &status, 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void knows_who_there_is(void **state)
{
	(void)state;
	assert_int_equal(user_named("root")->pw_uid, 0);
	assert_null(user_named("no such user"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_root_for_good),
		cmocka_unit_test(knows_who_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
