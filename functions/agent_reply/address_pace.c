/* address_pace.c -- how often an address may have something said. */
#include "address_pace.h"

#include "../../common/store/addresses.h"
#include "../../common/store/turns.h"

struct rate_values {
	int64_t per_minute;
};
static struct rate_values rates;

static const struct cfg_key keys[] = {
	CFG_KEY_INT(rate_values, per_minute, "RATE_AGENT_REPLY", .fallback = "30", .min = 0,
                .max = 1000000,
                .help = "messages of people from one address a minute, and twice as many that are "
                        "not said yet; 0: no limit"),
};

const struct cfg_group address_pace_settings = {"Rates", &rates, keys, COUNT(keys)};

/* A tab that nobody sits at uses up nothing of those who type, nor what is not said yet, unless
 * that is to be heard; it has a pace of its own, which no new session renews. */
struct err *address_pace_take(struct req *rq, const struct in *in)
{
	const char *from = req_client_ip(rq);
	unsigned    most = (unsigned)rates.per_minute;

	if (in->speculative && in->user_message)
		return address_rate_take(req_ctx(rq), "ahead_address", from, TURN_AHEAD_MAX * most);
	return in->is_nudge ? NULL : address_rate_take(req_ctx(rq), "turn_address", from, most);
}
