/* metric_file.h -- the file behind metrics.h: what is in it, and how a process comes by it. */
#ifndef METRIC_FILE_H
#define METRIC_FILE_H

#include "error_count.h"
#include "metrics.h"

#include <stdatomic.h>

#define METRIC_BUCKETS    16u
#define METRIC_PLACES     128u /* processes at once; each program has two during a reload */
#define METRIC_NAME_BYTES 48u
#define METRIC_EXPECTED   (UINT64_C(1) << 63)

/* How many values a label has. The name 0 of a claimed set is "other". */
enum {
	SIZE_none = 1,
#define X(set, label, most) SIZE_##set = (most),
	METRIC_NAMED(X)
#undef X
#define X(word, ...) +1
		SIZE_outcome = 0 METRIC_OUTCOMES(X),
	SIZE_turn = 0 METRIC_TURNS(X),
	SIZE_part = 0 METRIC_PARTS(X),
	SIZE_flag_state = 0 METRIC_FLAG_STATES(X),
	SIZE_stage = 0 METRIC_STAGES(X),
	SIZE_job_end = 0 METRIC_JOB_ENDS(X),
	SIZE_browser_error = 0 METRIC_BROWSER_ERRORS(X),
	SIZE_status = 0 METRIC_STATUSES(X),
#undef X
	SIZE_names_most = 48,
};

/* How many words one of them takes. */
enum { WORDS_COUNT = 1, WORDS_MS = 1, WORDS_TIMES = METRIC_BUCKETS + 1 };

/* Where each metric begins. */
enum {
#define X(name, type, own, a, b, ...) \
	FIRST_##name, LAST_##name = FIRST_##name + SIZE_##own * SIZE_##a * SIZE_##b * WORDS_##type - 1,
	METRICS(X)
#undef X
		METRIC_NUMBERS
};

struct metric_place {
	_Atomic int      pid;
	_Atomic unsigned program;
	_Atomic uint64_t sound_ms;
	_Atomic int64_t  gauges[GAUGES_N];
};

/* error_count.c */
struct error_row {
	_Atomic unsigned state;
	unsigned         program;
	_Atomic uint64_t count; /* not reported yet */
	_Atomic uint64_t trace[ERROR_TRACE_MAX / sizeof(uint64_t)];
	_Atomic int64_t  last_unix_ms;
	char             event[ERROR_EVENT_MAX], code[ERROR_CODE_MAX], where[ERROR_PLACE_MAX];
};

struct metric_head {
	char             magic[24];
	uint64_t         list;             /* a mark of all that metric_list.h says */
	_Atomic uint32_t names_n[NAMES_N]; /* with "other" */
	char             names[NAMES_N][SIZE_names_most][METRIC_NAME_BYTES];
};

struct metric_table {
	struct metric_head  head;
	struct metric_place places[METRIC_PLACES];
	_Atomic uint64_t    numbers[METRIC_NUMBERS];
	struct error_row    errors[ERROR_ROWS];
};

/* Of this process. table and place are never NULL. */
struct metric_file {
	struct metric_table *table;
	struct metric_place *place;
	unsigned             own, program; /* its place; its program's name */
	int                  fd;           /* -1: it counts for itself alone */
};
extern struct metric_file metric_file;

/* A claimed name; "other" for 0, "" for one that nobody claimed. Never longer than its bytes. */
const char *metric_file_name(enum metric_names set, unsigned i) NEVER_NULL;

/* The number of a name that was claimed; 0: none. */
unsigned metric_file_find(enum metric_names set, const char *name);

/* Does the process in that place live? */
bool metric_file_is_alive(unsigned place);

#endif
