/* decoder.c -- the program that turns recordings into samples: decoder N [USER].
 *
 * Started by another program, with a socket to it as descriptor 3. It alone is linked with
 * libav. */
#include "../base/fatal.h"
#include "../base/log.h"
#include "../base/str.h"
#include "audio_decode.h"
#include "confine.h"
#include "errand.h"
#include "nursery.h"

#include <sys/socket.h>
#include <unistd.h>

static bool has_program(void)
{
	int       type = 0;
	socklen_t len = sizeof(type);

	return getsockopt(NURSERY_SOCKET, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	       type == SOCK_SEQPACKET;
}

int main(int argc, char **argv)
{
	int64_t n;

	log_setup("decoder", LOG_INFO);
	if (argc < 2 || argc > 3 || !str_to_int(argv[1], 1, NURSERY_MAX, &n))
		fatal("usage: decoder N [USER], N up to %u", NURSERY_MAX);
	if (!has_program())
		fatal("decoder: descriptor %d is no socket to a program", NURSERY_SOCKET);
	if (close_range(NURSERY_SOCKET + 1, ~0u, 0) < 0)
		fatal("decoder: cannot close what is not its own");
	audio_decode_check();
	confine_nursery(argc == 3 ? argv[2] : NULL);
	nursery_run((size_t)n);
	_exit(0); /* no handlers of libraries, and no hunt for leaks without /proc */
}
