/* export.h -- the job that makes a list somebody asked for (storage_export() in the database). */
#ifndef EXPORT_H
#define EXPORT_H

#include "../store/jobs.h"

/* Puts the list into the bucket "exports", for who asked and may still have it: contact data is
 * opened for owner and admin only, and the audit log is told. Run twice it makes one. */
struct err *export_run(struct ctx *cx, struct job *job) CHECKED;

#endif
