/* socket_lender.c -- starts a program with a listening socket, as systemd does.
 *
 *   socket_lender PATH PROGRAM
 *
 * For each byte on its standard input it does what systemd does to a socket as it starts another
 * program with it: takes O_NONBLOCK away, for all that have it; then it answers with that byte. At
 * the end of its input it stops the program, which may take STOP_S: then both are killed. */
#include "../../common/base/fatal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define BACKLOG 64
#define STOP_S  20

static int listen_at(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int                fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(at.sun_path))
		fatal("too long for a socket: %s", path);
	memcpy(at.sun_path, path, strlen(path) + 1);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(fd, BACKLOG) != 0)
		fatal("cannot listen at %s: errno %d", path, errno);
	return fd;
}

static pid_t start(const char *program, int listen_fd)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(listen_fd, STDIN_FILENO);
	dup2(STDERR_FILENO, STDOUT_FILENO); /* ours is for answers */
	execl(program, program, (char *)NULL);
	fatal("cannot run %s: errno %d", program, errno);
}

int main(int argc, char **argv)
{
	int   fd;
	pid_t pid;
	char  byte;

	if (argc != 3)
		fatal("usage: socket_lender PATH PROGRAM");
	fd = listen_at(argv[1]);
	pid = start(argv[2], fd);
	while (read(STDIN_FILENO, &byte, 1) == 1) {
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
		if (write(STDOUT_FILENO, &byte, 1) != 1)
			break;
	}
	alarm(STOP_S);
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	return 0;
}
