/* meter.h -- what is asked of outside services, counted, and who may ask for more today (UTC).
 *
 * Each request to a service is counted for the service ("provider:groq") and for each of those who
 * are answered by it (cx->payers): at once with what it may cost at most, and put right when it is
 * known what it has cost. A service that has nothing left, or has nothing left for this caller, is
 * passed over by the chain, and who comes behind it answers; the last is on this machine and costs
 * nothing.
 *
 * What all processes counted is in the ledger (store/ledger.h); work/bookkeeping.h carries it there
 * and back once a second, so no request waits for it. What this process has not heard of yet it
 * takes for nothing. A budget is passed by at most what all processes ask for within a second or
 * two, and by what is lost with one that is killed: what it counted in its last second.
 * Thread-safe. */
#ifndef METER_H
#define METER_H

#include "../base/cfg.h"
#include "../base/payers.h"

struct provider;

enum meter_unit { METER_REQUESTS, METER_TOKENS, METER_CHARACTERS, METER_AUDIO_MS, METER_UNITS };

struct meter_counts {
	int64_t of[METER_UNITS];
};

/* What one caller may have in a day. */
extern const struct cfg_group meter_settings;

/* The same of one unit; 0: no limit. */
int64_t meter_caller_max(enum meter_unit unit);

/* Is something left for asking this engine, on its own account and on those of cx->payers? Always,
 * for one on this machine. */
bool meter_allows(const struct ctx *cx, const struct provider *p);

/* A request that is on its way; lives no longer than the unit of work. */
struct bill {
	const struct payers   *payers;
	const struct provider *provider;
	int64_t                amount;
	bool                   is_settled;
};

/* Counts one request, and `amount` of what the engine is paid for. */
struct bill meter_ask(struct ctx *cx, const struct provider *p, int64_t amount);

/* What it has cost after all, which metrics count then. A bill nobody settles stays what it was,
 * and is in no metric. */
void meter_settle(struct bill *b, int64_t amount);

/* The same by how it ended: nothing where the service did not do it; what was asked for is paid
 * also when nobody waits for the answer any more, or the answer is of no use. */
void meter_settle_failed(struct bill *b, const struct err *e);

/* ---- for who keeps the books ---- */

#define METER_LINES_MAX 256

struct meter_line {
	struct payer        who;
	struct meter_counts counts;
};

/* Called, from any thread, when there is something to write or to learn where there was nothing.
 * Set before the first thread. */
void meter_on_due(void (*due)(void));

/* Takes what is to be written, and, with nothing counted, what is to be learnt: at most
 * METER_LINES_MAX at once. The number of lines. */
size_t meter_collect(struct meter_line *out);

/* What became of those lines. Those not written are due again. True when something is due. */
bool meter_collected(const struct meter_line *lines, size_t n, bool is_written);

/* What all have counted for an account on a day (since 1970), this process too. */
void meter_learn(const char *who, int64_t day, const struct meter_counts *known);

#endif
