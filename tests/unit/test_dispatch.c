/* test_dispatch.c -- what is done under the dispatcher's lock, for which all requests wait. */
#include "unit.h"

#include "../../common/web/incoming.h"

#include <sys/syscall.h>
#include <unistd.h>

static struct {
	int  fd; /* whose end is watched */
	bool was_closed, was_locked;
} file = {.fd = -1};

/* Instead of the system's: to close a large file takes long, and longer of who stands back. */
int close(int fd)
{
	if (fd >= 0 && fd == file.fd) {
		file.was_closed = true;
		file.was_locked = pthread_mutex_trylock(&office.lock) != 0;
		if (!file.was_locked)
			pthread_mutex_unlock(&office.lock);
		file.fd = -1;
	}
	return (int)syscall(SYS_close, fd);
}

static void nobody_waits_for_the_end_of_a_file(void **state)
{
	struct conn            c = {.fd = -1, .arrival = ARRIVAL};
	const struct fcgi_body body = {.is_whole = false};

	(void)state;
	arrivals_limit(1 << 20);
	assert_int_equal(arrival_hold(&c.arrival, 1, 0, &body), ARRIVED_PART);
	assert_int_equal(arrival_begin_file(&c.arrival), ARRIVED_PART);
	file.fd = c.arrival.file;
	conn_was_read(&c);
	assert_true(file.was_closed);
	assert_false(file.was_locked);
	assert_false(conn_has_file(&c));
	assert_null(c.arrival.sender);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(nobody_waits_for_the_end_of_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
