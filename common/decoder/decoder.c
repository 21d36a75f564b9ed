/* decoder.c -- the program that turns recordings into samples: decoder N [USER].
 *
 * Started by another program, with a socket to it as descriptor STARTER_SOCKET. It forks a nursery
 * for each socket that comes over that one, until the program is gone. A program that root started
 * has another user than this one by then, and could not start it again; so it stays, and does no
 * more than that. It alone is linked with libav. */
#include "../base/fatal.h"
#include "../base/log.h"
#include "../base/str.h"
#include "audio_decode.h"
#include "confine.h"
#include "errand.h"
#include "nursery.h"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

static bool has_program(void)
{
	int       type = 0;
	socklen_t len = sizeof(type);

	return getsockopt(STARTER_SOCKET, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	       type == SOCK_SEQPACKET;
}

/* The socket to the program takes the place of the one to this process's own. */
static _Noreturn void be_nursery(int socket, size_t n)
{
	signal(SIGCHLD, SIG_DFL);
	if (dup2(socket, NURSERY_SOCKET) < 0 || close_range(NURSERY_SOCKET + 1, ~0u, 0) < 0)
		_exit(1);
	nursery_run(n);
	_exit(0); /* no handlers of libraries, and no hunt for leaks without /proc */
}

/* A nursery that can not be forked is one that is gone: its program sees that and asks again. */
static void start_nurseries(size_t n)
{
	char mark;
	int  socket;

	signal(SIGCHLD, SIG_IGN); /* nobody asks how they ended */
	while (errand_receive(STARTER_SOCKET, &mark, 1, &socket, 1, 0) > 0) {
		if (socket < 0)
			continue;
		if (fork() == 0)
			be_nursery(socket, n);
		close(socket);
	}
}

/* Signals are the program's business: it lets go of its end when it stops. */
static void block_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

int main(int argc, char **argv)
{
	int64_t n;

	log_setup("decoder", LOG_INFO);
	if (argc < 2 || argc > 3 || !str_to_int(argv[1], 1, NURSERY_MAX, &n))
		fatal("usage: decoder N [USER], N up to %u", NURSERY_MAX);
	if (!has_program())
		fatal("decoder: descriptor %d is no socket to a program", STARTER_SOCKET);
	if (close_range(STARTER_SOCKET + 1, ~0u, 0) < 0)
		fatal("decoder: cannot close what is not its own");
	block_signals();
	audio_decode_check();
	confine_nursery(argc == 3 ? argv[2] : NULL);
	start_nurseries((size_t)n);
	_exit(0);
}
