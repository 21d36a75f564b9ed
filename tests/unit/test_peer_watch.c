/* test_peer_watch.c -- whose client goes away is told, at once, and nobody else. */
#include "unit.h"

#include "../../common/base/wait.h"
#include "../../common/web/peer_watch.h"

#include <sys/socket.h>
#include <unistd.h>

#define LONG_MS 20000u /* a test that waits so long has failed */

struct request {
	int               ends[2]; /* ours, the client's */
	struct cancel     cancel;
	struct peer_watch watch;
};

static void begin(struct request *r)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, r->ends), 0);
	cancel_init(&r->cancel);
	peer_watch(&r->watch, r->ends[0], &r->cancel);
}

static void end(struct request *r)
{
	peer_unwatch(&r->watch);
	cancel_end(&r->cancel);
	close(r->ends[0]);
	close(r->ends[1]);
}

static void who_left_is_told(void **state)
{
	struct request stays, leaves;

	(void)state;
	begin(&stays);
	begin(&leaves);
	shutdown(leaves.ends[1], SHUT_RDWR);
	assert_int_equal(wait_fds(&leaves.cancel, NULL, 0, deadline_in(LONG_MS)), WAIT_CANCELLED);
	assert_int_equal(cancel_reason(&leaves.cancel), CANCEL_CLIENT_LEFT);
	assert_int_equal(cancel_reason(&stays.cancel), CANCEL_NONE);
	end(&leaves);
	begin(&leaves); /* most likely under the same number */
	assert_int_equal(cancel_reason(&leaves.cancel), CANCEL_NONE);
	end(&leaves);
	end(&stays);
}

static void who_was_gone_before_is_told_too(void **state)
{
	struct request r;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, r.ends), 0);
	shutdown(r.ends[1], SHUT_RDWR);
	cancel_init(&r.cancel);
	peer_watch(&r.watch, r.ends[0], &r.cancel);
	assert_int_equal(wait_fds(&r.cancel, NULL, 0, deadline_in(LONG_MS)), WAIT_CANCELLED);
	end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(who_left_is_told),
		UNIT_TEST(who_was_gone_before_is_told_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
