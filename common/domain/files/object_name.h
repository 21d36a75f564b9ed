/* object_name.h -- how files in buckets are called. A name is never a path on disk; it is bounded
 * and unambiguous all the same, for it is shown, sorted by and put into addresses. */
#ifndef OBJECT_NAME_H
#define OBJECT_NAME_H

#include "../../base/base.h"

#define OBJECT_NAME_MAX 1024u /* bytes; as in the table */
#define BUCKET_NAME_MAX 50u

/* NULL: a good name, "folder/file.txt". Else what is wrong with it, for a person. */
const char *object_name_fault(struct span name);

/* The same of the folder that is listed: "" is all; '/' behind it is fine. */
const char *object_folder_fault(struct span folder);

/* What stands behind the last '/'. */
struct span object_name_last(struct span name);

#endif
