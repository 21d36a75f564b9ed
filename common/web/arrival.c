/* arrival.c -- files without a name, and an account for each address that has something there. */
#include "arrival.h"

#include "../base/temp_file.h"
#include "by_client.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_BYTES ((size_t)8 << 10) /* what each costs beside its bytes: structs, buffers */
#define SHARE         4u

/* There while something is held for it. */
struct sender {
	struct by_client client; /* first */
	size_t           held;
	unsigned         requests_n;
};

static struct {
	const char       *folder;
	size_t            max, held;
	struct by_clients senders;
	unsigned char     bytes[64 << 10]; /* on their way into a file */
} office;

void arrivals_limit(size_t bytes_max)
{
	office.max = bytes_max;
}

void arrivals_go_to(const char *folder)
{
	office.folder = folder;
}

/* ---- accounts ---- */

static enum arrived hold(struct arrival *a, size_t all)
{
	size_t more = all > a->held ? all - a->held : 0;

	if (a->sender->held + more > office.max / SHARE)
		return ARRIVED_TOO_MUCH;
	a->held += more;
	a->sender->held += more;
	office.held += more;
	return ARRIVED_PART;
}

enum arrived arrival_hold(struct arrival *a, uint64_t client, size_t bytes,
                          const struct fcgi_body *body)
{
	a->body = *body;
	if (!a->sender) {
		a->sender = by_client_of(&office.senders, client, sizeof(*a->sender));
		a->sender->requests_n++;
	}
	return hold(a, bytes + REQUEST_BYTES);
}

unsigned arrival_others(const struct arrival *a)
{
	return a->sender ? a->sender->requests_n - 1 : 0;
}

bool arrivals_are_too_many(void)
{
	return office.held > office.max;
}

const struct sender *arrival_greediest(const struct arrival *a)
{
	const struct sender *most = a->sender;

	for (size_t i = 0; i < BY_CLIENT_BUCKETS; i++)
		for (const struct by_client *at = office.senders.of[i]; at; at = at->next) {
			const struct sender *it = (const struct sender *)(const void *)at;

			if (it->held > most->held)
				most = it;
		}
	return most == a->sender ? NULL : most;
}

uint64_t sender_client(const struct sender *s)
{
	return s->client.key;
}

/* ---- files ---- */

enum arrived arrival_begin_file(struct arrival *a)
{
	a->file = temp_file(office.folder);
	return a->file < 0 ? ARRIVED_NOWHERE : ARRIVED_PART;
}

/* Its own place in the file stays at the beginning, for who reads it. */
static bool append(struct arrival *a, const unsigned char *bytes, size_t n)
{
	ssize_t done = 0;

	for (size_t at = 0; at < n; at += (size_t)done) {
		done = pwrite(a->file, bytes + at, n - at, (off_t)(a->bytes + at));
		if (done <= 0)
			return false;
	}
	a->bytes += n;
	return true;
}

/* What was counted while it lay in the socket is not counted again. What is too much is kept all
 * the same: who refuses it reads the head. */
static enum arrived take_bytes(struct arrival *a, size_t n)
{
	if (!append(a, office.bytes, n))
		return ARRIVED_END;
	fcgi_body_take(&a->body, office.bytes, n);
	if (a->body.is_broken)
		return ARRIVED_END;
	if (hold(a, a->bytes + REQUEST_BYTES) != ARRIVED_PART)
		return ARRIVED_TOO_MUCH;
	return a->body.is_whole ? ARRIVED_WHOLE : ARRIVED_PART;
}

enum arrived arrival_take(struct arrival *a, int from)
{
	ssize_t n = recv(from, office.bytes, sizeof(office.bytes), MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return ARRIVED_NOTHING;
	return n > 0 ? take_bytes(a, (size_t)n) : ARRIVED_END;
}

/* Behind its end the next request may stand already. */
enum arrived arrival_skip(struct fcgi_body *body, int from)
{
	ssize_t n = 1;

	while (n > 0 && !body->is_whole) {
		n = recv(from, office.bytes, sizeof(office.bytes), MSG_DONTWAIT | MSG_PEEK);
		if (n > 0)
			n = recv(from, office.bytes, fcgi_body_take(body, office.bytes, (size_t)n),
			         MSG_DONTWAIT);
	}
	if (body->is_whole)
		return body->is_broken ? ARRIVED_END : ARRIVED_WHOLE;
	return n < 0 && errno == EAGAIN ? ARRIVED_NOTHING : ARRIVED_END;
}

size_t arrival_bytes(const struct arrival *a)
{
	return a->file >= 0 ? a->body.bytes : a->held;
}

bool arrival_is_read(const struct arrival *a)
{
	return a->file >= 0 && lseek(a->file, 0, SEEK_CUR) >= (off_t)a->bytes;
}

static void close_account(struct arrival *a)
{
	struct sender *it = a->sender;

	if (!it)
		return;
	it->held -= a->held;
	office.held -= a->held;
	if (--it->requests_n == 0)
		by_client_forget(&office.senders, &it->client);
	a->sender = NULL;
	a->held = 0;
}

void arrival_cut(struct arrival *a)
{
	if (a->bytes > FCGI_HEAD_MAX && ftruncate(a->file, (off_t)FCGI_HEAD_MAX) == 0)
		a->bytes = FCGI_HEAD_MAX;
	close_account(a);
}

void arrival_end(struct arrival *a)
{
	if (a->file >= 0)
		close(a->file);
	close_account(a);
	*a = (struct arrival)ARRIVAL;
}
