/* test_arrival.c -- how much may be on its way to a program, from one address and from many. */
#include "unit.h"

#include "../../common/web/arrival.h"

#include <sys/socket.h>
#include <unistd.h>

#define ALL       ((size_t)16 << 20)
#define STEP      ((size_t)64 << 10)
#define COST_MAX  ((size_t)16 << 10) /* of each request, beside its bytes */
#define REQUESTS  (ALL / COST_MAX)
#define BODY_SIZE 100000u

static const struct fcgi_body unsaid;

/* Bytes it may have before it is refused more. */
static size_t fill(struct arrival *a, uint64_t client)
{
	size_t bytes = 0;

	while (arrival_hold(a, client, bytes + STEP, &unsaid) == ARRIVED_PART)
		bytes += STEP;
	return bytes;
}

static void an_address_alone_has_a_quarter(void **state)
{
	struct arrival a = ARRIVAL, b = ARRIVAL, other = ARRIVAL;
	size_t         bytes;

	(void)state;
	arrivals_limit(ALL);
	for (int again = 0; again < 2; again++) {
		bytes = fill(&a, 1);
		assert_in_range(bytes, ALL / 4 - COST_MAX - STEP, ALL / 4);
		assert_int_equal(fill(&b, 1), 0); /* by another connection, too */
		assert_true(fill(&other, 2) >= ALL / 8);
		arrival_end(&a);
		assert_true(fill(&b, 1) >= ALL / 8);
		arrival_end(&b);
		arrival_end(&other); /* and all of it is free again */
	}
}

static void who_has_most_gives_way_to_who_has_less(void **state)
{
	struct arrival full[] = {ARRIVAL, ARRIVAL, ARRIVAL, ARRIVAL}, last = ARRIVAL;

	(void)state;
	arrivals_limit(ALL);
	for (unsigned i = 0; i < COUNT(full); i++)
		fill(&full[i], i + 2);
	assert_int_equal(arrival_hold(&full[2], 4, ALL / 4 - COST_MAX, &unsaid), ARRIVED_PART);
	assert_false(arrivals_are_too_many());
	assert_int_equal(arrival_hold(&last, 1, ALL / 8, &unsaid), ARRIVED_PART);
	assert_true(arrivals_are_too_many());
	assert_int_equal(sender_client(arrival_greediest(&last)), 4);
	assert_null(arrival_greediest(&full[2]));
	arrival_cut(&full[2]);
	assert_false(arrivals_are_too_many());
	arrival_end(&last);
	for (unsigned i = 0; i < COUNT(full); i++)
		arrival_end(&full[i]);
}

/* Requests are counted, too: those of which nearly nothing comes. */
static void an_address_has_so_many_requests(void **state)
{
	static struct arrival a[REQUESTS];
	struct arrival        other = ARRIVAL;
	size_t                n = 0;

	(void)state;
	arrivals_limit(ALL);
	for (size_t i = 0; i < REQUESTS; i++) {
		a[i] = (struct arrival)ARRIVAL;
		n += arrival_hold(&a[i], 1, 1, &unsaid) == ARRIVED_PART;
	}
	assert_in_range(n, 100, REQUESTS - 1);
	assert_int_equal(arrival_hold(&other, 2, 1, &unsaid), ARRIVED_PART);
	arrival_end(&other);
	for (size_t i = 0; i < REQUESTS; i++)
		arrival_end(&a[i]);
}

/* ---- files ---- */

static const unsigned char head[] = {
	1, 1, 0, 1, 0, 8, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, /* begins 1: responder, keeps */
	1, 4, 0, 1, 0, 0, 0, 0,                         /* no parameters */
};
static const unsigned char piece[] = {1, 5, 0, 1, 0, 2, 0, 0, 'a', 'b'};
static const unsigned char end[] = {1, 5, 0, 1, 0, 0, 0, 0};
static const unsigned char foreign[] = {1, 5, 0, 2, 0, 0, 0, 0};

static void expect_next(int from, const unsigned char *bytes, size_t n)
{
	unsigned char got[sizeof(head)];

	assert_int_equal(read(from, got, n), n);
	assert_memory_equal(got, bytes, n);
}

static void send_all(int to, const unsigned char *bytes, size_t n)
{
	assert_int_equal(send(to, bytes, n, 0), n);
}

static void what_comes_in_pieces_is_a_request_in_the_end(void **state)
{
	struct arrival   a = ARRIVAL;
	struct fcgi_body body;
	int              pair[2];

	(void)state;
	arrivals_limit(ALL);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(fcgi_head(head, sizeof(head), &body), FCGI_HEAD_UNSAID);
	assert_int_equal(arrival_hold(&a, 1, sizeof(head), &body), ARRIVED_PART);
	assert_int_equal(arrival_begin_file(&a), ARRIVED_PART);
	send_all(pair[0], head, sizeof(head));
	for (unsigned i = 0; i < BODY_SIZE / 2; i++) {
		send_all(pair[0], piece, sizeof(piece));
		assert_int_equal(arrival_take(&a, pair[1]), ARRIVED_PART);
		assert_int_equal(arrival_take(&a, pair[1]), ARRIVED_NOTHING);
		assert_int_equal(arrival_bytes(&a), 2 * (i + 1));
	}
	send_all(pair[0], end, sizeof(end));
	assert_int_equal(arrival_take(&a, pair[1]), ARRIVED_WHOLE);
	expect_next(a.file, head, sizeof(head));
	for (unsigned i = 0; i < BODY_SIZE / 2; i++)
		expect_next(a.file, piece, sizeof(piece));
	assert_false(arrival_is_read(&a));
	expect_next(a.file, end, sizeof(end));
	assert_true(arrival_is_read(&a));
	arrival_end(&a);
	assert_false(arrival_is_read(&a));
	close(pair[0]);
	close(pair[1]);
}

static void a_file_is_on_the_disk_where_it_is_to_be(void **state)
{
	struct arrival   a = ARRIVAL;
	struct fcgi_body body;
	char             folder[] = "/tmp/scribe-arrival.XXXXXX", link[64], to[128] = "";

	(void)state;
	assert_non_null(mkdtemp(folder));
	arrivals_limit(ALL);
	arrivals_go_to(folder);
	assert_int_equal(fcgi_head(head, sizeof(head), &body), FCGI_HEAD_UNSAID);
	assert_int_equal(arrival_hold(&a, 1, sizeof(head), &body), ARRIVED_PART);
	assert_int_equal(arrival_begin_file(&a), ARRIVED_PART);
	arrivals_go_to(NULL);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", a.file);
	assert_true(readlink(link, to, sizeof(to) - 1) > 0);
	assert_memory_equal(to, folder, strlen(folder));
	arrival_end(&a);
	assert_int_equal(rmdir(folder), 0); /* no name is left of it */
}

static void what_is_too_much_keeps_its_head(void **state)
{
	struct arrival   a = ARRIVAL;
	struct fcgi_body body;
	enum arrived     arrived = ARRIVED_PART;
	int              pair[2];

	(void)state;
	arrivals_limit(ALL);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(fcgi_head(head, sizeof(head), &body), FCGI_HEAD_UNSAID);
	assert_int_equal(arrival_hold(&a, 1, sizeof(head), &body), ARRIVED_PART);
	assert_int_equal(arrival_begin_file(&a), ARRIVED_PART);
	send_all(pair[0], head, sizeof(head));
	for (size_t i = 0; i < ALL / sizeof(piece) && arrived == ARRIVED_PART; i++) {
		send_all(pair[0], piece, sizeof(piece));
		arrived = arrival_take(&a, pair[1]);
	}
	assert_int_equal(arrived, ARRIVED_TOO_MUCH);
	arrival_cut(&a);
	expect_next(a.file, head, sizeof(head));
	assert_true(lseek(a.file, 0, SEEK_END) <= (off_t)FCGI_HEAD_MAX);
	close(pair[0]);
	arrival_end(&a);
	close(pair[1]);
}

/* Also of one whose rest nobody reads. */
static void what_is_no_part_of_a_request_ends_it(void **state)
{
	struct arrival   a = ARRIVAL;
	struct fcgi_body body;
	int              pair[2];

	(void)state;
	arrivals_limit(ALL);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(fcgi_head(head, sizeof(head), &body), FCGI_HEAD_UNSAID);
	assert_int_equal(arrival_hold(&a, 1, sizeof(head), &body), ARRIVED_PART);
	assert_int_equal(arrival_begin_file(&a), ARRIVED_PART);
	send_all(pair[0], head, sizeof(head));
	assert_int_equal(arrival_take(&a, pair[1]), ARRIVED_PART);
	body = a.body;
	send_all(pair[0], foreign, sizeof(foreign));
	assert_int_equal(arrival_take(&a, pair[1]), ARRIVED_END);
	send_all(pair[0], foreign, sizeof(foreign));
	assert_int_equal(arrival_skip(&body, pair[1]), ARRIVED_END);
	arrival_end(&a);
	close(pair[0]);
	close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(an_address_alone_has_a_quarter),
		UNIT_TEST(who_has_most_gives_way_to_who_has_less),
		UNIT_TEST(an_address_has_so_many_requests),
		UNIT_TEST(what_comes_in_pieces_is_a_request_in_the_end),
		UNIT_TEST(a_file_is_on_the_disk_where_it_is_to_be),
		UNIT_TEST(what_is_too_much_keeps_its_head),
		UNIT_TEST(what_is_no_part_of_a_request_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
