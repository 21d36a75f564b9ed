/* address.c -- an address as a number. */
#include "address.h"

#include <arpa/inet.h>

#define MAPPED 0x0000ffffu /* in front of an IPv4 address; as a /64 it belongs to nobody */

static uint64_t number_of(const unsigned char *bytes, size_t n)
{
	uint64_t number = 0;

	for (size_t i = 0; i < n; i++)
		number = number << 8 | bytes[i];
	return number;
}

static uint64_t ipv4_key(const unsigned char bytes[4])
{
	return (uint64_t)MAPPED << 32 | number_of(bytes, 4);
}

uint64_t address_key(struct span address)
{
	static const unsigned char mapped[12] = {[10] = 0xff, 0xff};
	char                       text[INET6_ADDRSTRLEN];
	unsigned char              bytes[16];

	if (address.len >= sizeof(text))
		return 0;
	memcpy(text, address.ptr, address.len);
	text[address.len] = '\0';
	if (inet_pton(AF_INET, text, bytes) == 1)
		return ipv4_key(bytes);
	if (inet_pton(AF_INET6, text, bytes) != 1)
		return 0;
	if (memcmp(bytes, mapped, sizeof(mapped)) == 0)
		return ipv4_key(bytes + sizeof(mapped));
	return number_of(bytes, 8);
}
