/* rotation.h -- sealing everything anew with the present data key, a batch at a time.
 *
 * What is done no longer looks stale, so an interrupted rotation goes on where it was. The programs
 * may work meanwhile, with both keys. */
#ifndef STORE_ROTATION_H
#define STORE_ROTATION_H

#include "../base/crypto.h"
#include "../base/ctx.h"

/* How many tables hold sealed columns, and their names. */
size_t      rotation_tables(void);
const char *rotation_table(size_t i) NEVER_NULL;

struct rotation {
	char    last_id[CRYPTO_UUID_CHARS + 1]; /* begin with a UUID of zeros */
	int64_t resealed;
	int64_t unreadable; /* neither key opens them: left as they are */
	int64_t doubles;    /* an address that was given again under the new key: left as it is */
	bool    is_over;
};

/* The next `batch` rows of table i, in one transaction. The audit log names `actor`. */
struct err *rotation_step(struct ctx *cx, size_t i, int batch, const char *actor,
                          struct rotation *r) CHECKED;

#endif
