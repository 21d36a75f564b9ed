/* spoken_number.h -- numbers as they are written, put as a small voice reads them right.
 *
 * It reads "1,500.50", "$5.50", "15:30", "3rd" and years; not "£10k", "10–20", "1.234,50", "3/4",
 * "5 km/h", "$1.2M", telephone numbers and dates in digits. */
#ifndef SPOKEN_NUMBER_H
#define SPOKEN_NUMBER_H

#include "../../base/str.h"

/* Takes the number at the front of *rest, with its sign, currency, unit and a range's other end,
 * and adds it to `out`. False when none stands there. Only where a word may begin. */
bool spoken_number(struct buf *out, struct span *rest);

#endif
