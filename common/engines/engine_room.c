/* engine_room.c -- starting and stopping all that answers for us. */
#include "engine_room.h"

#include "../call/http_client.h"
#include "../call/otlp.h"

static int check(struct chain *const *chains, size_t n)
{
	int problems = 0;

	for (size_t i = 0; i < n; i++)
		problems += chain_check(chains[i]);
	return problems;
}

static int start(struct chain *const *chains, size_t n)
{
	int problems = http_start() + otlp_start();

	for (size_t i = 0; i < n; i++)
		problems += chain_start(chains[i]);
	return problems;
}

static void warm(struct chain *const *chains, size_t n)
{
	for (size_t i = 0; i < n; i++)
		chain_warm(chains[i]);
}

static const char *lacking(struct chain *const *chains, size_t n)
{
	const char *name = NULL;

	for (size_t i = 0; i < n && !name; i++)
		name = chain_lacking(chains[i]);
	return name;
}

static void stop(struct chain *const *chains, size_t n)
{
	for (size_t i = n; i > 0; i--)
		chain_stop(chains[i - 1]);
	otlp_stop();
	http_stop();
}

static const struct cfg_group *const settings[] = {&http_settings, &otlp_settings};

const struct engine_room engine_room = {.settings = settings,
                                        .settings_n = COUNT(settings),
                                        .check = check,
                                        .start = start,
                                        .warm = warm,
                                        .is_beating = http_is_beating,
                                        .lacking = lacking,
                                        .stop = stop};
