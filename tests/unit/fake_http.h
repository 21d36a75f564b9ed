/* fake_http.h -- a server on the loopback that answers every request with the same bytes,
 * as slowly and as badly as told. */
#ifndef FAKE_HTTP_H
#define FAKE_HTTP_H

#include "../../common/base/str.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#define FAKE_REQUEST_MAX (1 << 20)

enum fake_end {
	FAKE_CLOSE, /* after the answer */
	FAKE_KEEP,  /* read the next request */
	FAKE_HANG   /* say nothing more until the client leaves */
};

struct fake_http {
	const char   *answer;
	size_t        answer_len; /* 0: of a NUL-terminated text */
	size_t        step;       /* bytes sent at once; 0: all */
	unsigned      pause_ms;   /* before each step */
	enum fake_end end;
	char          url[64];
	char          request[FAKE_REQUEST_MAX + 1]; /* the last one, whole */
	int           breaks_n; /* connections closed in the middle of a request, first */
	atomic_int    connections, requests, broken, left;
	atomic_size_t sent; /* bytes */
	int           fd;
	pthread_t     thread;
};

static inline size_t fake_body_bytes(const char *head)
{
	const char *at = strcasestr(head, "\r\ncontent-length:");

	return at ? strtoul(at + 17, NULL, 10) : 0;
}

/* False when the client left. */
static inline bool fake_read_request(struct fake_http *f, int fd)
{
	size_t n = 0;

	for (;;) {
		ssize_t     got = read(fd, f->request + n, FAKE_REQUEST_MAX - n);
		const char *end;

		if (got <= 0)
			return false;
		n += (size_t)got;
		f->request[n] = '\0';
		end = memmem(f->request, n, "\r\n\r\n", 4);
		if (end && n >= (size_t)(end + 4 - f->request) + fake_body_bytes(f->request))
			return true;
	}
}

static inline bool fake_send(struct fake_http *f, int fd)
{
	size_t len = f->answer_len ? f->answer_len : strlen(f->answer);
	size_t step = f->step ? f->step : len;

	for (size_t at = 0, sent; at < len; at += sent) {
		size_t n = len - at < step ? len - at : step;

		usleep(f->pause_ms * 1000);
		sent = (size_t)send(fd, f->answer + at, n, MSG_NOSIGNAL);
		if (sent > n) /* -1 */
			return false;
		f->sent += sent;
	}
	return true;
}

static inline void *fake_serve(void *data)
{
	struct fake_http *f = data;

	for (;;) {
		int  fd = accept(f->fd, NULL, NULL);
		char ignored[256];

		if (fd < 0)
			return NULL;
		f->connections++;
		if (f->broken < f->breaks_n && fake_read_request(f, fd)) {
			f->broken++;
			close(fd);
			continue;
		}
		while (fake_read_request(f, fd)) {
			f->requests++;
			if (!fake_send(f, fd) || f->end == FAKE_CLOSE)
				break;
			while (f->end == FAKE_HANG && read(fd, ignored, sizeof(ignored)) > 0)
				;
		}
		close(fd);
		f->left++;
	}
}

static inline struct fake_http *fake_start(const char *answer)
{
	struct fake_http  *f = calloc(1, sizeof(*f));
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t          len = sizeof(at);

	f->answer = answer;
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	f->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(f->fd, (struct sockaddr *)&at, sizeof(at)) || listen(f->fd, 16) ||
	    getsockname(f->fd, (struct sockaddr *)&at, &len))
		abort();
	snprintf(f->url, sizeof(f->url), "http://127.0.0.1:%u", ntohs(at.sin_port));
	pthread_create(&f->thread, NULL, fake_serve, f);
	return f;
}

static inline void fake_stop(struct fake_http *f)
{
	shutdown(f->fd, SHUT_RDWR);
	pthread_join(f->thread, NULL);
	close(f->fd);
	free(f);
}

#endif
