/* slack_text.c -- Block Kit.
 *
 * Limits: 50 blocks, 150 characters of a header, 3000 of a section, 10 fields of 2000, 75 of a
 * button. Escaping makes five characters of one at most, so what is cut to FIELD_CHARS
 * before it always fits. */
#include "slack_text.h"

#include "../../base/str.h"
#include "escape.h"

#define FIELD_CHARS 350
#define LONG_CHARS  500
#define LINK_MAX    3000

static void text_object(struct json_out *j, const char *key, const char *type, const char *text)
{
	json_obj(j, key);
	json_str(j, "type", type);
	json_str(j, "text", text);
	if (str_equal(type, "mrkdwn"))
		json_bool(j, "verbatim", true);
	json_end(j);
}

static void begin_block(struct json_out *j, const char *type)
{
	json_obj(j, NULL);
	json_str(j, "type", type);
}

/* "*Label*\nvalue"; nothing when there is no value. Returns whether it wrote. */
static bool field(struct ctx *cx, struct json_out *j, const char *label, const char *value)
{
	const char *clean = value ? extract_clean(cx, span_of(value), FIELD_CHARS) : NULL;

	if (!clean)
		return false;
	text_object(j, NULL, "mrkdwn",
	            arena_printf(cx->arena, "*%s*\n%s", label, escape_slack(cx, clean)));
	return true;
}

/* An address is told unless the visitor refused to be written to. */
static void who_and_what(struct ctx *cx, struct json_out *j, const struct slack_lead *lead)
{
	const struct extract_entities  nobody = {.org_name = NULL};
	const struct extract_entities *e = lead->extract ? &lead->extract->entities : &nobody;
	bool                           may_tell = e->email_opt_in != PERMISSION_REFUSED;

	begin_block(j, "section");
	json_arr(j, "fields");
	field(cx, j, "Intent", lead->intent ? lead->intent : "not clear yet");
	field(cx, j, "Organisation", e->org_name);
	field(cx, j, "Name", e->person_name);
	field(cx, j, "Role", e->role);
	field(cx, j, "Budget", e->budget_range);
	field(cx, j, "Timeline", e->timeline);
	field(cx, j, "E-mail", may_tell ? e->contact_email : NULL);
	field(cx, j, "Place", e->geo);
	field(cx, j, "Channel", e->channel);
	json_end(j);
	json_end(j);
}

static void use_case(struct ctx *cx, struct json_out *j, const struct slack_lead *lead)
{
	const char *text = lead->extract ? lead->extract->entities.use_case : NULL;
	const char *clean = text ? extract_clean(cx, span_of(text), LONG_CHARS) : NULL;

	if (!clean)
		return;
	begin_block(j, "section");
	text_object(j, "text", "mrkdwn",
	            arena_printf(cx->arena, "*Use case*\n%s", escape_slack(cx, clean)));
	json_end(j);
}

static void why(struct ctx *cx, struct json_out *j, const struct slack_lead *lead)
{
	struct buf list = buf_new(cx->arena, 2000);

	for (size_t i = 0; i < lead->reasons_n; i++)
		buf_printf(&list, "%s%s", i ? ", " : "", escape_slack(cx, lead->reasons[i]));
	if (list.len == 0)
		return;
	begin_block(j, "section");
	text_object(j, "text", "mrkdwn", arena_printf(cx->arena, "*Why*\n%s", buf_text(&list)));
	json_end(j);
}

static void link_to(struct json_out *j, const char *link)
{
	if (!link || strlen(link) > LINK_MAX)
		return;
	begin_block(j, "actions");
	json_arr(j, "elements");
	json_obj(j, NULL);
	json_str(j, "type", "button");
	text_object(j, "text", "plain_text", "Open the conversation");
	json_str(j, "url", link);
	json_end(j);
	json_end(j);
	json_end(j);
}

static void source(struct ctx *cx, struct json_out *j, const char *session_id)
{
	begin_block(j, "context");
	json_arr(j, "elements");
	text_object(j, NULL, "mrkdwn",
	            arena_printf(cx->arena, "Session %s", escape_slack(cx, session_id)));
	json_end(j);
	json_end(j);
}

struct err *slack_text_lead(struct ctx *cx, const struct slack_lead *lead, struct span *out)
{
	struct json_out *j = json_new(cx->arena, 0);
	const char      *title =
		arena_printf(cx->arena, "New lead: score %d (%s priority)", lead->score, lead->priority);

	json_obj(j, NULL);
	json_str(j, "text", title);
	json_bool(j, "unfurl_links", false);
	json_bool(j, "unfurl_media", false);
	json_arr(j, "blocks");
	begin_block(j, "header");
	text_object(j, "text", "plain_text", title);
	json_end(j);
	who_and_what(cx, j, lead);
	use_case(cx, j, lead);
	why(cx, j, lead);
	link_to(j, lead->link);
	source(cx, j, lead->session_id);
	json_end(j);
	json_end(j);
	return json_finish(cx, j, out);
}
