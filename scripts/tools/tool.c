/* tool.c -- what operators' tools share. */
#include "tool.h"

#include "../../common/base/fatal.h"
#include "../../common/base/log.h"
#include "../../common/base/json_in.h"
#include "../../common/base/vault.h"
#include "../../common/db/db.h"
#include "../../common/domain/letters/escape.h"
#include "../../common/store/sessions.h"

#define DEADLINE_MS 600000u

static struct ctx cx;

struct ctx *tool_start(const char *name)
{
	const struct cfg_group *const groups[] = {&db_settings, &vault_settings};

	crypto_start();
	json_start();
	log_setup(name, LOG_WARN);
	if (cfg_load_file() + cfg_load(groups, COUNT(groups)) || vault_stretch() || vault_start())
		exit(1);
	if (!vault_has_key())
		fatal("SCRIBE_DATA_KEY is not set: contact data can not be opened");
	db_start(name);
	cx.arena = arena_new(1 << 16);
	cx.deadline = deadline_in(DEADLINE_MS);
	snprintf(cx.id, sizeof(cx.id), "%s", name);
	return &cx;
}

const char *tool_actor(void)
{
	const char *actor = getenv("SCRIBE_OPERATOR");

	return actor && *actor ? actor : "operator:unknown";
}

int tool_end(const struct err *e)
{
	if (e)
		fprintf(stderr, "%s: %s (%s)\n", cx.id, escape_terminal(&cx, e->detail, false),
		        err_code(e->kind));
	db_stop();
	arena_free(&cx.arena);
	return e != NULL;
}
