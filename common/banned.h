/* banned.h -- calls nobody may write become compile errors.
 *
 * Included before everything by the compiler's command line, hence the
 * headers first: their own declarations must not be rewritten. Each banned
 * call has a bounded or checked replacement named beside it. */
#ifndef BANNED_H
#define BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BANNED(call) sorry_##call##_is_banned

/* clang-format off */
#undef strcpy
#define strcpy(a, b) BANNED(strcpy)          /* arena_strndup */
#undef strcat
#define strcat(a, b) BANNED(strcat)          /* struct buf */
#undef strncpy
#define strncpy(a, b, c) BANNED(strncpy)     /* arena_strndup */
#undef strncat
#define strncat(a, b, c) BANNED(strncat)     /* struct buf */
#undef sprintf
#define sprintf(...) BANNED(sprintf)         /* snprintf, arena_printf */
#undef vsprintf
#define vsprintf(...) BANNED(vsprintf)       /* vsnprintf */
#undef strtok
#define strtok(a, b) BANNED(strtok)          /* str_next_item */
#undef atoi
#define atoi(a) BANNED(atoi)                 /* str_to_int */
#undef atof
#define atof(a) BANNED(atof)                 /* str_to_double */
#undef gmtime
#define gmtime(a) BANNED(gmtime)             /* gmtime_r */
#undef localtime
#define localtime(a) BANNED(localtime)       /* gmtime_r */
#undef rand
#define rand() BANNED(rand)                  /* crypto_random */
/* clang-format on */

#endif
