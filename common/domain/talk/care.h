/* care.h -- talking to somebody in distress. Pure. */
#ifndef CARE_H
#define CARE_H

#include "act.h"

/* Has somebody who was in distress a moment ago turned to other things? */
bool care_has_turned(struct ctx *cx, enum act act, struct span message);

/* May a model's text follow our own line? Not where it asks for what one asks a customer, sells,
 * or speaks of danger itself. */
bool care_is_fit(struct ctx *cx, struct span text);

#endif
