/* entry.h -- how an object is told to the API's clients. */
#ifndef STORAGE_ENTRY_H
#define STORAGE_ENTRY_H

#include "../../common/base/json_out.h"
#include "../../common/store/objects.h"

/* As an entry of a list; a folder has a name only. */
void tell_entry(struct ctx *cx, struct json_out *j, const struct object *o);

#endif
