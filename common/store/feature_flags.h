/* feature_flags.h -- the feature_flags table, which operators write (scripts/flags). */
#ifndef STORE_FEATURE_FLAGS_H
#define STORE_FEATURE_FLAGS_H

#include "../domain/talk/flag.h"

/* The first FLAGS_MAX by name; out has room for them. */
struct err *feature_flags_read(struct ctx *cx, struct flag *out, size_t *n_out) CHECKED;

#endif
