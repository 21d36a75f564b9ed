/* service_settings.c -- gathers a program's settings from what it says it uses. */
#include "service_settings.h"

#include "../base/vault.h"
#include "../db/db.h"
#include "../store/sessions.h"
#include "health.h"
#include "keys.h"
#include "origin.h"

struct gathered {
	struct arena   *arena;
	struct settings all;
	size_t          room;
};

static void make_room(struct gathered *g)
{
	size_t                   room = g->room ? 2 * g->room : 32;
	const struct cfg_group **groups = NEW_ARRAY(g->arena, const struct cfg_group *, room);

	for (size_t i = 0; i < g->all.n; i++)
		groups[i] = g->all.groups[i];
	g->all.groups = groups;
	g->room = room;
}

/* Once, however many engines share it. */
static void add_group(struct gathered *g, const struct cfg_group *group)
{
	for (size_t i = 0; i < g->all.n; i++)
		if (g->all.groups[i] == group)
			return;
	if (!group)
		return;
	if (g->all.n == g->room)
		make_room(g);
	g->all.groups[g->all.n++] = group;
}

static void add_chain(struct gathered *g, const struct chain *c)
{
	add_group(g, c->settings);
	for (size_t i = 0; i < c->known_n; i++) {
		add_group(g, c->known[i]->account);
		add_group(g, c->known[i]->settings);
	}
}

struct settings service_settings(struct arena *a, const struct service *s,
                                 const struct cfg_group *first)
{
	struct gathered g = {.arena = a};

	add_group(&g, first);
	add_group(&g, &health_settings);
	add_group(&g, &db_settings);
	if (s->serves_people)
		add_group(&g, &db_people_settings);
	add_group(&g, &origin_settings);
	add_group(&g, &keys_settings);
	add_group(&g, &session_settings);
	add_group(&g, &vault_settings);
	for (size_t i = 0; s->engines && i < s->engines->settings_n; i++)
		add_group(&g, s->engines->settings[i]);
	for (size_t i = 0; i < s->chains_n; i++)
		add_chain(&g, s->chains[i]);
	if (s->chains_n)
		add_group(&g, &meter_settings);
	if (s->jobs_n)
		add_group(&g, &workers_settings);
	for (size_t i = 0; i < s->settings_n; i++)
		add_group(&g, s->settings[i]);
	return g.all;
}
