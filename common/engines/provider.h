/* provider.h -- outside services and local engines behind one shape.
 *
 * Each capability (hearing, thinking, speaking, embedding) has a list of
 * engines it knows and an order chosen by settings. The chain tries them in
 * that order, skips those whose breaker is open, whose budget is used up
 * (meter.h) or that are not configured, moves on when one fails, and stops at
 * the deadline; the answer names who served it. Read-only after start, except for the breakers. */
#ifndef PROVIDER_H
#define PROVIDER_H

#include "../base/cfg.h"
#include "../base/ctx.h"
#include "../call/breaker.h"
#include "meter.h"

#define OPERATIONS_MAX 4

/* First member of every engine. */
struct provider {
	const char             *name;       /* "groq"; in settings, answers and logs */
	const struct cfg_group *settings;   /* NULL when it has none */
	const struct cfg_group *account;    /* shared with other engines of the vendor; NULL: none */
	unsigned                timeout_ms; /* limit of one attempt */
	bool                    is_local;   /* runs here: needs no key, no breaker, no network */
	const char *const      *base_url;   /* the setting of where it is asked; NULL: not outside */
	/* What it is paid for, and the setting of how much of that is bought in a day; audio in seconds
	 * there. NULL: nothing is paid. */
	enum meter_unit unit;
	const int64_t  *daily_max;
	/* Has all it needs (key, model file)? NULL: always. Called once after settings are read. */
	bool (*is_configured)(void);
	/* Loads what it needs; false (logged) leaves it out of the chain. NULL: nothing to do. */
	bool (*start)(void);
	void (*stop)(void);
	/* Did what start() put off fail since? NULL: it puts nothing off. Thread-safe. */
	bool (*is_broken)(void);
	/* Set by the chain: one for each of its operations; for what concerns them all the account's
	 * (a rate) and that of refusals (a quota, a key). NULL for engines of this machine. */
	struct breaker *breakers[OPERATIONS_MAX];
	struct breaker *account_breaker, *denied_breaker;
	unsigned        asks_as;             /* to the last one: a mark of the key */
	unsigned counted_as[OPERATIONS_MAX]; /* of NAMES_call, and of NAMES_provider; by the chain */
	unsigned paid_as;
};

#define CHAIN_MAX 4

struct chain {
	const char             *capability; /* "stt", "llm", "tts", "embed" */
	struct provider *const *known;      /* in default order, local last */
	size_t                  known_n;
	const struct cfg_group *settings; /* holds the setting of the order */
	const char *const      *wanted;   /* the setting's value; NULL there: default order */
	/* What the engines are asked for, each with failures of its own; NULL: one thing only. */
	const char *const *operations;
	size_t             operations_n;
	unsigned           counted_as[OPERATIONS_MAX]; /* of NAMES_operation; set by chain_start */
	struct provider   *order[CHAIN_MAX];           /* filled by chain_start */
	size_t             order_n;
	const char        *left_out; /* one that has all it needs and did not start; NULL: none */
	/* Of a run, in a copy of the chain: which operation, and for whom (NULL: nobody knows). */
	unsigned    operation;
	const char *session;
	/* The caller waits for a shorter time than an engine may take: that it passes is nobody's
	 * failure. */
	bool is_impatient;
};

/* Would its breakers have this engine passed over now? */
bool provider_is_away(const struct provider *p, unsigned operation, uint64_t now_ms);

/* Would it be asked now, for this unit of work: by its breakers and by what is left of budgets? */
bool provider_may_be_asked(const struct ctx *cx, const struct provider *p, unsigned operation);

/* Puts the chain in order and starts its engines. Returns the number of
 * problems, each reported on stderr: an unknown name, one without its key. An
 * engine of the default order that is not configured is left out silently. */
int chain_start(struct chain *c) CHECKED;
/* The same problems, reported without starting anything; other settings may be wrong too. */
int  chain_check(const struct chain *c) CHECKED;
void chain_stop(struct chain *c);

/* The name of an engine that can not work though it has all it needs, a damaged model say; NULL:
 * there is none. */
const char *chain_lacking(const struct chain *c);

/* Connects to those that may be asked, before anybody needs them. */
void chain_warm(const struct chain *c);

/* One try with one engine; cx->deadline is already the attempt's own. */
typedef struct err *chain_attempt(struct provider *p, struct ctx *cx, void *data);

/* Tries the engines in order until one succeeds. The error is the last one's;
 * ERR_UNAVAILABLE when there is nobody to ask. *served_out is the engine that
 * answered; `fell_back` tells whether it was not the first choice. One that fails late
 * (err.is_late) has failed, and the run is a success with what it gave. */
struct chain_result {
	const struct provider *served;
	bool                   fell_back;
	struct err            *late; /* NULL: it answered well */
};
struct err *chain_run(struct ctx *cx, const struct chain *c, chain_attempt *attempt, void *data,
                      struct chain_result *out) CHECKED;

/* The same in two steps, to do something else meanwhile: `begin` starts the first engine that may
 * be asked and does not wait; chain_end asks `attempt` for what became of it, then the engines
 * behind it, with the deadline of then. A run nobody ends teaches nobody anything. */
struct chain_begun;
struct chain_begun *chain_begin(struct ctx *cx, const struct chain *c, chain_attempt *begin,
                                void *data) NEVER_NULL;
struct err *chain_end(struct ctx *cx, struct chain_begun *begun, chain_attempt *attempt, void *data,
                      struct chain_result *out) CHECKED;

/* Before chain_end: only the engine that was begun is waited for, and not as long as it may take.
 * That it takes longer is nobody's failure. */
void chain_hurry(struct chain_begun *begun);

#endif
