/* fuzz_errand.c -- packets with descriptors, as program, nursery and helper send each other, from
 * one who may have been taken over.
 *
 * The first four bytes tell how many descriptors come, in how many parts, how many are wanted, and
 * how long a packet is; the rest is packets. What was wanted and came is ours; nothing else is let
 * in, and nothing stays open. */
#include "../../common/decoder/errand.h"
#include "fuzz.h"

#include <assert.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#define SENT_MAX  6u
#define PARTS_MAX 3u

/* Of as many parts as given, each with its share of n descriptors. */
static void send_hostile(int socket, struct span packet, size_t n, size_t parts)
{
	union {
		struct cmsghdr head;
		char           bytes[PARTS_MAX * CMSG_SPACE(SENT_MAX * sizeof(int))];
	} room = {.bytes = {0}};
	struct iovec  what = {(void *)(uintptr_t)packet.ptr, packet.len};
	struct msghdr message = {.msg_iov = &what, .msg_iovlen = 1};
	char         *at = room.bytes;

	for (size_t i = 0; n && i < parts; i++) {
		struct cmsghdr head = {.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
		size_t         some = n / parts + (i < n % parts);

		head.cmsg_len = CMSG_LEN(some * sizeof(int));
		memcpy(at, &head, sizeof(head));
		for (size_t k = 0; k < some; k++)
			memcpy(at + CMSG_LEN(k * sizeof(int)), &(int){STDERR_FILENO}, sizeof(int));
		at += CMSG_SPACE(some * sizeof(int));
	}
	message.msg_control = n ? room.bytes : NULL;
	message.msg_controllen = (size_t)(at - room.bytes);
	assert(sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)packet.len);
}

static void receive(int socket, size_t len, size_t sent, size_t wanted)
{
	char    packet[16];
	int     files[ERRAND_FILES];
	size_t  came = 0;
	ssize_t got =
		errand_receive(socket, packet, sizeof(packet), files, wanted, MSG_DONTWAIT | MSG_TRUNC);

	assert(got == (ssize_t)len);
	for (size_t i = 0; i < wanted; i++) {
		if (files[i] < 0)
			continue;
		assert(fcntl(files[i], F_GETFD) == FD_CLOEXEC);
		assert(close(files[i]) == 0);
		came++;
	}
	assert(came <= sent);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct span rest;
	size_t      sent, parts, wanted, step;
	int         ends[2], lowest = dup(STDERR_FILENO);

	close(lowest);
	if (len < 5 || lowest < 0)
		return 0;
	sent = bytes[0] % (SENT_MAX + 1);
	parts = 1 + bytes[1] % PARTS_MAX;
	wanted = bytes[2] % (ERRAND_FILES + 1);
	step = 1 + bytes[3];
	rest = (struct span){(const char *)bytes + 4, len - 4};
	assert(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
	for (int i = 0; i < 8 && rest.len; i++) {
		struct span packet = {rest.ptr, rest.len < step ? rest.len : step};

		send_hostile(ends[0], packet, sent, parts);
		receive(ends[1], packet.len, sent, wanted);
		rest.ptr += packet.len;
		rest.len -= packet.len;
	}
	close(ends[0]);
	close(ends[1]);
	assert(dup(STDERR_FILENO) == lowest);
	close(lowest);
	return 0;
}
