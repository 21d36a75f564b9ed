/* test_confine.c -- what a decoder tries is not possible, and ends it. */
#include "unit.h"

#include "../../common/decoder/confine.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void open_a_file(void)
{
	(void)!open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static void open_a_socket(void)
{
	(void)!socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static void fork_another(void)
{
	if (fork() == 0)
		_exit(0);
}

static void run_a_program(void)
{
	execl("/bin/true", "true", (char *)NULL);
}

static void signal_its_parent(void)
{
	kill(getppid(), 0);
}

static void trace_its_parent(void)
{
	ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static void make_code(void)
{
	mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void turn_memory_into_code(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static void work_for_ever(void)
{
	for (volatile unsigned n = 0;; n++)
		;
}

/* Ends well only where it was stopped. */
static void take_much_memory(void)
{
	const int rw = PROT_READ | PROT_WRITE;

	if (mmap(NULL, (size_t)1 << 30, rw, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
		__builtin_trap();
}

static int fate_of(void (*deed)(void))
{
	int   status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		confine_nursery(NULL);
		confine_helper();
		deed();
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void may_do_next_to_nothing(void **state)
{
	static void (*const deeds[])(void) = {
		open_a_file,       open_a_socket,    fork_another, run_a_program,
		signal_its_parent, trace_its_parent, make_code,    turn_memory_into_code,
	};

	(void)state;
	assert_int_equal(fate_of(work_for_ever), SIGXCPU);
	for (size_t i = 0; !CONFINE_IS_RELAXED && i < COUNT(deeds); i++)
		assert_int_equal(fate_of(deeds[i]), SIGSYS);
	if (!CONFINE_IS_RELAXED)
		assert_int_not_equal(fate_of(take_much_memory), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(may_do_next_to_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
