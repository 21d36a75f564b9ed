/* errand.c -- packets that carry descriptors. */
#include "errand.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

union room {
	struct cmsghdr head; /* for its alignment */
	char           bytes[CMSG_SPACE(ERRAND_FILES * sizeof(int))];
};

bool errand_send(int socket, struct span packet, const int *files, size_t n)
{
	union room     room = {.bytes = {0}};
	struct iovec   what = {(void *)(uintptr_t)packet.ptr, packet.len};
	struct msghdr  message = {.msg_iov = &what, .msg_iovlen = 1};
	struct cmsghdr head = {
		.cmsg_len = CMSG_LEN(n * sizeof(*files)),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
	};

	if (n) {
		room.head = head;
		memcpy(CMSG_DATA(&room.head), files, n * sizeof(*files));
		message.msg_control = room.bytes;
		message.msg_controllen = CMSG_SPACE(n * sizeof(*files));
	}
	return sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)packet.len;
}

ssize_t errand_receive(int socket, void *packet, size_t max, int *files, size_t n, int flags)
{
	union room     room = {.bytes = {0}};
	struct iovec   what = {packet, max};
	struct msghdr  message = {.msg_iov = &what, .msg_iovlen = 1};
	struct cmsghdr head;
	ssize_t        len;

	for (size_t i = 0; i < n; i++)
		files[i] = -1;
	if (n) {
		message.msg_control = room.bytes;
		message.msg_controllen = CMSG_LEN(n * sizeof(*files));
	}
	do
		len = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | flags);
	while (len < 0 && errno == EINTR);
	if (len <= 0 || !n || message.msg_controllen < CMSG_LEN(sizeof(*files)))
		return len;
	head = room.head;
	if (head.cmsg_level == SOL_SOCKET && head.cmsg_type == SCM_RIGHTS &&
	    head.cmsg_len <= CMSG_LEN(n * sizeof(*files)))
		memcpy(files, CMSG_DATA(&room.head), head.cmsg_len - CMSG_LEN(0));
	return len;
}
