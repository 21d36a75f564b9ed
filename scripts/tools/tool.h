/* tool.h -- how an operator's tool begins: settings, keys, the database. Started by a script of
 * scripts/, which finds the database and says who asks. */
#ifndef TOOL_H
#define TOOL_H

#include "../../common/base/ctx.h"

/* Ends the process with a sentence when something is missing. */
struct ctx *tool_start(const char *name) NEVER_NULL;

/* "operator:<user>", for the audit log. */
const char *tool_actor(void) NEVER_NULL;

/* Prints what went wrong; the exit status. */
int tool_end(const struct err *e);

#endif
