/* helper.h -- one decoder: waits for an errand, runs it, ends. */
#ifndef HELPER_H
#define HELPER_H

#include "../base/base.h"

/* Of a process that has just been forked, with its socket: confines itself and never returns. */
_Noreturn void helper_run(int socket);

#endif
