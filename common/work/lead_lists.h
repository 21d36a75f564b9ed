/* lead_lists.h -- leads and sessions as lists for spreadsheets and programs: what scripts/leads
 * prints and what an export holds. What visitors said is without control characters and what turns
 * the direction of writing; no cell is a formula. */
#ifndef LEAD_LISTS_H
#define LEAD_LISTS_H

#include "../base/json_out.h"
#include "../store/leads.h"

/* What the session tells, else what was said. NULL: nothing. */
const char *lead_name(const struct lead *lead);
const char *lead_email(const struct lead *lead);
const char *lead_entity(const struct lead *lead, enum entity which);

/* "senior_title budget_>=50k" */
const char *lead_reasons(struct ctx *cx, const struct lead *lead) NEVER_NULL;

/* One more cell of a line, and what stands behind it: ',' or, at the end of a line, '\n'. */
void csv_cell(struct ctx *cx, struct buf *out, const char *value, char behind);

/* All of them, with a line of names above. */
void lead_list_csv(struct ctx *cx, struct buf *out, const struct lead *leads, size_t n);

/* The members of an object that tells of a lead. */
void lead_members(struct json_out *j, const struct lead *lead);

/* The same of sessions, without anything of who the visitor is. */
void session_list_csv(struct ctx *cx, struct buf *out, const struct session_row *rows, size_t n);
void session_members(struct json_out *j, const struct session_row *row);

#endif
