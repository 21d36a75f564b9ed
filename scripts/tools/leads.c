/* leads.c -- the tool behind scripts/leads and scripts/session: contact data can be opened by our
 * code only, and each look is in the audit log.
 *
 *   leads list FORMAT SINCE UNTIL MIN_SCORE INTENT   "" where not bounded
 *   leads show FORMAT SESSION
 *
 * FORMAT is text, csv or json. What visitors said is printed without control characters and what
 * turns the direction of writing, in each of them: a terminal may be where it is looked at. */
#include "tool.h"

#include "../../common/base/json_out.h"
#include "../../common/domain/letters/escape.h"
#include "../../common/store/leads.h"
#include "../../common/work/lead_lists.h"

#define LIST_MAX   100000
#define LINES_MAX  10000
#define LIST_BYTES ((size_t)1 << 30)

enum format { FORMAT_TEXT, FORMAT_CSV, FORMAT_JSON };

static enum format format_of(const char *name)
{
	if (str_equal(name, "csv"))
		return FORMAT_CSV;
	return str_equal(name, "json") ? FORMAT_JSON : FORMAT_TEXT;
}

/* ---- for a terminal ---- */

static const char *printable(struct ctx *cx, const char *text)
{
	return escape_terminal(cx, text ? text : "-", false);
}

static void list_text(struct ctx *cx, const struct lead *leads, size_t n)
{
	printf("%5s  %-8s %-20s %-21s %-36s  %s\n", "SCORE", "PRIORITY", "STARTED", "INTENT", "SESSION",
	       "WHO");
	for (size_t i = 0; i < n; i++)
		printf("%5d  %-8s %-20s %-21s %-36s  %s, %s, %s%s%s\n", leads[i].score, leads[i].priority,
		       leads[i].started_at, printable(cx, leads[i].intent), leads[i].session_id,
		       printable(cx, lead_name(&leads[i])),
		       printable(cx, lead_entity(&leads[i], ENTITY_org_name)),
		       printable(cx, lead_email(&leads[i])), leads[i].wishes ? "; " : "",
		       leads[i].wishes ? printable(cx, leads[i].wishes) : "");
}

static void line(struct ctx *cx, const char *label, const char *value)
{
	if (value && *value)
		printf("%-14s %s\n", label, printable(cx, value));
}

static void show_text(struct ctx *cx, const struct lead *lead, const struct lead_line *lines,
                      size_t n)
{
	line(cx, "session", lead->session_id);
	line(cx, "started", lead->started_at);
	line(cx, "ended", lead->ended_at);
	line(cx, "consent", lead->consent ? "yes" : "no");
	printf("%-14s %d (%s)\n", "score", lead->score, lead->priority);
	line(cx, "reasons", lead_reasons(cx, lead));
	line(cx, "intent", lead->intent);
	line(cx, "name", lead_name(lead));
	line(cx, "email", lead_email(lead));
	for (int i = 0; i < ENTITY_COUNT; i++)
		if (i != ENTITY_person_name && i != ENTITY_contact_email)
			line(cx, entity_name((enum entity)i), lead_entity(lead, (enum entity)i));
	line(cx, "call to action", lead->cta);
	line(cx, "wishes", lead->wishes);
	line(cx, "notes", lead->notes);
	line(cx, "summary", lead->summary);
	for (size_t i = 0; i < n; i++)
		printf("\n%s %s\n  %s\n", lines[i].at, lines[i].speaker, printable(cx, lines[i].text));
}

/* ---- for spreadsheets ---- */

static void list_csv(struct ctx *cx, const struct lead *leads, size_t n)
{
	struct buf out = buf_new(cx->arena, LIST_BYTES);

	lead_list_csv(cx, &out, leads, n);
	printf("%s", buf_text(&out));
}

static void show_csv(struct ctx *cx, const struct lead_line *lines, size_t n)
{
	struct buf out = buf_new(cx->arena, LIST_BYTES);

	buf_str(&out, "at,speaker,text\r\n");
	for (size_t i = 0; i < n; i++) {
		csv_cell(cx, &out, lines[i].at, ',');
		csv_cell(cx, &out, lines[i].speaker, ',');
		csv_cell(cx, &out, lines[i].text, '\n');
	}
	printf("%s", buf_text(&out));
}

/* ---- for programs ---- */

static struct err *list_json(struct ctx *cx, const struct lead *leads, size_t n)
{
	struct json_out *j = json_new(cx->arena, LIST_BYTES);
	struct span      json;

	json_arr(j, NULL);
	for (size_t i = 0; i < n; i++) {
		json_obj(j, NULL);
		lead_members(j, &leads[i]);
		json_end(j);
	}
	json_end(j);
	TRY(json_finish(cx, j, &json));
	puts(escape_terminal_json(cx, json));
	return NULL;
}

static struct err *show_json(struct ctx *cx, const struct lead *lead, const struct lead_line *lines,
                             size_t n)
{
	struct json_out *j = json_new(cx->arena, LIST_BYTES);
	struct span      json;

	json_obj(j, NULL);
	lead_members(j, lead);
	json_arr(j, "transcript");
	for (size_t i = 0; i < n; i++) {
		json_obj(j, NULL);
		json_str(j, "ts", lines[i].at);
		json_str(j, "speaker", lines[i].speaker);
		json_str(j, "text", lines[i].text);
		json_end(j);
	}
	json_end(j);
	json_end(j);
	TRY(json_finish(cx, j, &json));
	puts(escape_terminal_json(cx, json));
	return NULL;
}

/* ---- the two commands ---- */

static const char *or_null(const char *text)
{
	return *text ? text : NULL;
}

static struct err *list(struct ctx *cx, char **argv)
{
	struct lead_filter filter = {.since = or_null(argv[3]),
	                             .until = or_null(argv[4]),
	                             .intent = or_null(argv[6]),
	                             .limit = LIST_MAX};
	struct lead       *leads;
	int64_t            min_score;
	size_t             n;

	if (!str_to_int(argv[5], 0, 100, &min_score))
		FAIL(cx, ERR_INPUT, "the score must be from 0 to 100");
	filter.min_score = (int)min_score;
	TRY(leads_list(cx, &filter, tool_actor(), &leads, &n));
	if (format_of(argv[2]) == FORMAT_CSV)
		list_csv(cx, leads, n);
	else if (format_of(argv[2]) == FORMAT_JSON)
		return list_json(cx, leads, n);
	else
		list_text(cx, leads, n);
	return NULL;
}

static struct err *show(struct ctx *cx, char **argv)
{
	struct lead       lead;
	struct lead_line *lines;
	bool              is_found = false;
	size_t            n;

	if (str_is_uuid(argv[3]))
		TRY(lead_of_session(cx, argv[3], tool_actor(), &lead, &is_found));
	if (!is_found)
		FAIL(cx, ERR_NOT_FOUND, "there is no session %.40s", argv[3]);
	TRY(lead_transcript(cx, argv[3], LINES_MAX, &lines, &n));
	if (format_of(argv[2]) == FORMAT_CSV)
		show_csv(cx, lines, n);
	else if (format_of(argv[2]) == FORMAT_JSON)
		return show_json(cx, &lead, lines, n);
	else
		show_text(cx, &lead, lines, n);
	return NULL;
}

int main(int argc, char **argv)
{
	bool        is_list = argc == 7 && str_equal(argv[1], "list");
	struct ctx *cx;

	if (!is_list && !(argc == 4 && str_equal(argv[1], "show"))) {
		fprintf(stderr, "this is the tool behind scripts/leads and scripts/session\n");
		return 64;
	}
	cx = tool_start("leads");
	return tool_end(is_list ? list(cx, argv) : show(cx, argv));
}
