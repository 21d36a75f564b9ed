/* test_address.c -- which addresses are one client. */
#include "unit.h"

#include "../../common/base/address.h"

static uint64_t key(const char *address)
{
	return address_key(span_of(address));
}

static void ipv4_addresses_are_one_each(void **state)
{
	(void)state;
	assert_true(key("192.0.2.1") != 0);
	assert_true(key("192.0.2.1") != key("192.0.2.2"));
	assert_true(key("192.0.2.1") == key("::ffff:192.0.2.1"));
	assert_true(key("192.0.2.1") == key("::ffff:c000:201"));
	assert_true(key("127.0.0.1") != key("::1"));
	assert_true(key("192.0.2.1") != key("::192.0.2.1"));
}

static void ipv6_addresses_are_one_by_their_net(void **state)
{
	(void)state;
	assert_true(key("2001:db8:1:2::1") == key("2001:db8:1:2:ffff::7"));
	assert_true(key("2001:db8:1:2::1") == key("2001:0DB8:1:2:0:0:0:9"));
	assert_true(key("2001:db8:1:2::1") != key("2001:db8:1:3::1"));
}

static void what_is_no_address_is_nobodys(void **state)
{
	static const char *const none[] = {"", "unix:", "1.2.3", "localhost",
	                                   "1:2:3:4:5:6:7:8:9:1:2:3:4:5:6:7:8:9:0:1:2:3:4:5:6:7"};

	(void)state;
	for (size_t i = 0; i < COUNT(none); i++)
		assert_true(key(none[i]) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(ipv4_addresses_are_one_each),
		UNIT_TEST(ipv6_addresses_are_one_by_their_net),
		UNIT_TEST(what_is_no_address_is_nobodys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
