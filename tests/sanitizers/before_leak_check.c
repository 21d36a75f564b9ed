/* Linked into the programs of the asan flavour. runsv sends CONT right behind TERM. One that comes
 * while LeakSanitizer stops the threads at exit takes back its STOP, and both wait for ever: so a
 * program that is supervised lets it come first; one that only looks at settings is sent none. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void wait_for_cont(void)
{
	struct timespec most = {.tv_nsec = 300 * 1000 * 1000};
	sigset_t        cont;

	sigemptyset(&cont);
	sigaddset(&cont, SIGCONT);
	(void)sigtimedwait(&cont, NULL, &most);
}

/* A handler that is given now is called before LeakSanitizer's, which came earlier. */
__attribute__((constructor)) static void begin(void)
{
	const char *unit = getenv("SCRIBE_STACK_UNIT");
	sigset_t    cont;

	if (!unit || !strchr(unit, ':')) /* as "check", where nobody supervises */
		return;
	sigemptyset(&cont);
	sigaddset(&cont, SIGCONT);
	sigprocmask(SIG_BLOCK, &cont, NULL);
	atexit(wait_for_cont);
}
