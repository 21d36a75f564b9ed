/* auth_attempts.h -- how fast an account, or an address, may be tried. */
#ifndef STORE_AUTH_ATTEMPTS_H
#define STORE_AUTH_ATTEMPTS_H

#include "../base/crypto.h"
#include "../base/ctx.h"

/* Of one who tries, each a keyed hash. */
struct attempt {
	struct hash account, address;
	struct hash known;    /* both: who has signed in from there before is counted by this */
	bool        is_known; /* and was, by attempt_take() */
};

/* For an account's hash (people_hash()) and the address of who asks. `purpose` keeps what is
 * tried apart: passwords, mails. */
void attempt_of(const char *purpose, const struct hash *account, const char *address,
                struct attempt *out);

/* Spends a try of so many in a quarter of an hour; 0: any number. One that is refused does not
 * count: ERR_RATE, with the time until the next. Whether there is such an account makes no
 * difference. */
struct err *attempt_take(struct ctx *cx, struct attempt *a, int64_t per_account,
                         int64_t per_address) CHECKED;

/* It was who they said they were: the try is given back, and from that address they are known for
 * ninety days. */
struct err *attempt_succeeded(struct ctx *cx, const struct attempt *a, int64_t per_account,
                              int64_t per_address) CHECKED;

#endif
