/* db_tx.h -- what may be run again, and when. */
#ifndef DB_TX_H
#define DB_TX_H

#include "db.h"

/* After the `tried`-th try ended with e: true when another one is to be made now, after a pause
 * inside the deadline that lets the other side finish. */
bool db_tries_again(struct ctx *cx, const struct err *e, unsigned tried);

#endif
