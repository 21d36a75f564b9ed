/* db_values.h -- parameters as libpq wants them. */
#ifndef DB_VALUES_H
#define DB_VALUES_H

#include "db.h"

struct db_params {
	const char **values;
	int         *lengths, *formats;
};

/* In the arena. Text, but bytea in binary so that audio is not doubled. */
struct db_params db_params_of(struct ctx *cx, const struct db_val *args, size_t n);

#endif
