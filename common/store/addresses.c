/* addresses.c -- the address_rates table, and hashes of addresses. */
#include "addresses.h"

#include "common/store/lazy_commit.sql.h"

#include "../base/vault.h"
#include "../db/db.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>

#define NETWORK_BYTES 8 /* of an IPv6 address: /64 */

/* For a process without a key for its data. */
static unsigned char  own_key[CRYPTO_KEY_BYTES];
static pthread_once_t own_key_made = PTHREAD_ONCE_INIT;

static void make_own_key(void)
{
	crypto_random(own_key, sizeof(own_key));
}

/* Text of an IPv4 address, also where it comes in the dress of the other family; or the bytes of
 * the network. `room` holds INET_ADDRSTRLEN bytes. */
static struct span network_of(const char *address, char *room)
{
	struct in6_addr six;

	if (inet_pton(AF_INET6, address, &six) != 1)
		return span_of(address);
	if (IN6_IS_ADDR_V4MAPPED(&six) && inet_ntop(AF_INET, &six.s6_addr[12], room, INET_ADDRSTRLEN))
		return span_of(room);
	memcpy(room, six.s6_addr, NETWORK_BYTES);
	return (struct span){room, NETWORK_BYTES};
}

/* There are so few addresses that a bare hash would tell them all. */
struct hash address_hash(const char *purpose, const char *address)
{
	char        room[INET_ADDRSTRLEN];
	struct span network = network_of(address, room);
	struct hash hash;

	if (vault_hash(purpose, network, &hash))
		return hash;
	pthread_once(&own_key_made, make_own_key);
	return KEYED_HASH(purpose, own_key, network);
}

static struct err *too_fast(struct ctx *cx, int64_t ms)
{
	struct err *e = err_new(cx, ERR_RATE, WHERE, "the address asks too often");

	e->retry_after_ms = ms > 0 ? (unsigned)ms : 1;
	return e;
}

/* Each request spends its share of a minute; nobody is ahead by more than a whole one, with a
 * millisecond for what shares are rounded by. */
struct err *address_rate_take(struct ctx *cx, const char *purpose, const char *address,
                              unsigned per_minute)
{
	struct hash    hash = address_hash(purpose, address);
	struct db_rows rows;

	if (!per_minute)
		return NULL;
	TRY(db_query(cx, &rows,
	             "with share as (select interval '1 minute' / $2::int as t),"
	             " taken as (insert into address_rates as a (address_hash, spent_until)"
	             "  select $1::bytea, now() + t from share on conflict (address_hash) do update"
	             "  set spent_until = greatest(a.spent_until, now()) + (select t from share)"
	             "  where a.spent_until + (select t from share) < now() + interval '60.001 s'"
	             "  returning true)"
	             " select exists (select from taken), (select ceil(1000 * extract(epoch from"
	             "  spent_until + t - now() - interval '1 minute'))::bigint"
	             "  from address_rates, share where address_hash = $1::bytea), " LAZY_COMMIT_SQL,
	             ARGS(db_bytes(hash_span(&hash)), db_int(per_minute))));
	return row_bool(&rows, 0, 0) ? NULL : too_fast(cx, row_int(&rows, 0, 1));
}
