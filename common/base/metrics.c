/* metrics.c -- the mapped file: a head, the claimed names, places of processes, and the
 * numbers.
 *
 * A lock of the whole file (flock) is held while it is made and while a name is claimed, never
 * while something is counted; the kernel gives it back when its owner dies. A name counts from
 * when the number of names says so, which is written last: a claim that was broken off is
 * written over.
 *
 * The place of a process is a byte of the file that it keeps locked (an open file description
 * lock): whoever reads asks the kernel whether somebody has it. No number that outlives its
 * process, no pid that is used again, can count as alive.
 *
 * The highest bit of a number says that it is to be shown though it is 0. */
#include "metrics.h"

#include "clock.h"
#include "metric_file.h"

#include <assert.h>
#include <stdatomic.h>
#include <unistd.h>

static const uint64_t bounds_us[] = {METRIC_BOUNDS_US};
_Static_assert(COUNT(bounds_us) == METRIC_BUCKETS - 1, "one bucket more than bounds");

/* ---- which number ---- */

static const struct {
	unsigned first;    /* of metric_table.numbers */
	unsigned sizes[2]; /* of the sets of its labels */
	unsigned words;
	bool     has_program;
} shapes[] = {
#define X(name, type, own, a, b, ...) \
	[METRIC_##name] = {FIRST_##name, {SIZE_##a, SIZE_##b}, WORDS_##type, SIZE_##own > 1},
	METRICS(X)
#undef X
};

static _Atomic uint64_t *number_of(enum metric m, struct metric_at at, unsigned program)
{
	unsigned place = shapes[m].has_program ? program : 0;

	assert(at.of[0] < shapes[m].sizes[0] && at.of[1] < shapes[m].sizes[1]);
	for (size_t i = 0; i < COUNT(at.of); i++)
		place = place * shapes[m].sizes[i] + at.of[i];
	return &metric_file.table->numbers[shapes[m].first + place * shapes[m].words];
}

static _Atomic uint64_t *own_number(enum metric m, struct metric_at at)
{
	return number_of(m, at, metric_file.program);
}

static void add(_Atomic uint64_t *number, uint64_t n)
{
	atomic_fetch_add_explicit(number, n, memory_order_relaxed);
}

static uint64_t value_of(_Atomic uint64_t *number)
{
	return atomic_load_explicit(number, memory_order_relaxed) & ~METRIC_EXPECTED;
}

/* ---- counting ---- */

void metrics_add(enum metric m, struct metric_at at, uint64_t n)
{
	assert(shapes[m].words == 1);
	add(own_number(m, at), n);
}

/* The buckets, then the sum. */
void metrics_time_us(enum metric m, struct metric_at at, uint64_t us)
{
	_Atomic uint64_t *numbers = own_number(m, at);
	size_t            bucket = 0;

	assert(shapes[m].words == METRIC_BUCKETS + 1);
	while (bucket < COUNT(bounds_us) && us > bounds_us[bucket])
		bucket++;
	add(&numbers[bucket], 1);
	add(&numbers[METRIC_BUCKETS], us);
}

void metrics_time_ms(enum metric m, struct metric_at at, uint64_t ms)
{
	metrics_time_us(m, at, ms * 1000);
}

void metrics_expect(enum metric m, struct metric_at at)
{
	atomic_fetch_or_explicit(own_number(m, at), METRIC_EXPECTED, memory_order_relaxed);
}

void metrics_gauge_add(enum metric_gauge g, int64_t n)
{
	atomic_fetch_add_explicit(&metric_file.place->gauges[g], n, memory_order_relaxed);
}

void metrics_gauge_set(enum metric_gauge g, int64_t value)
{
	atomic_store_explicit(&metric_file.place->gauges[g], value, memory_order_relaxed);
}

void metrics_sound(uint64_t now_ms)
{
	atomic_store_explicit(&metric_file.place->sound_ms, now_ms, memory_order_relaxed);
}

unsigned metrics_status(int status)
{
	static const int known[] = {0,
#define X(number, text) number,
	                            HTTP_STATUSES(X)
#undef X
	};

	for (unsigned i = 1; i < COUNT(known); i++)
		if (known[i] == status)
			return i;
	return 0;
}

bool metrics_part(const char *name, enum metric_part *out)
{
	static const char *const names[] = {
#define X(word, ...) #word,
		METRIC_PARTS(X)
#undef X
	};

	for (unsigned i = 0; i < COUNT(names); i++)
		if (str_equal(names[i], name)) {
			*out = (enum metric_part)i;
			return true;
		}
	return false;
}

/* ---- reading ---- */

static uint64_t count_of(_Atomic uint64_t *numbers, unsigned words)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < (words > 1 ? METRIC_BUCKETS : 1); i++)
		sum += value_of(&numbers[i]);
	return sum;
}

uint64_t metrics_value(enum metric m, struct metric_at at)
{
	return count_of(own_number(m, at), shapes[m].words);
}

enum kind { KIND_COUNT, KIND_MS, KIND_TIMES };

/* A set as it is shown: its label, and its values; NULL: they are claimed ones. */
struct label_set {
	const char        *label;
	const char *const *values;
	enum metric_names  names;
};

#define X(word, ...) #word,
static const char *const outcome_words[] = {METRIC_OUTCOMES(X)};
static const char *const turn_words[] = {METRIC_TURNS(X)};
static const char *const part_words[] = {METRIC_PARTS(X)};
static const char *const flag_state_words[] = {METRIC_FLAG_STATES(X)};
static const char *const stage_words[] = {METRIC_STAGES(X)};
static const char *const job_end_words[] = {METRIC_JOB_ENDS(X)};
static const char *const browser_error_words[] = {METRIC_BROWSER_ERRORS(X)};
static const char *const status_words[] = {METRIC_STATUSES(X)};
#undef X

#define X(one, label, most) static const struct label_set set_##one = {label, NULL, NAMES_##one};
METRIC_NAMED(X)
#undef X
#define X(one, label, list) static const struct label_set set_##one = {label, one##_words, 0};
METRIC_SETS(X)
#undef X
static const struct label_set set_none = {NULL, NULL, 0};

static const struct {
	const char             *name, *help;
	enum kind               kind;
	const struct label_set *own, *labels[2];
} shown[] = {
#define X(name, type, own, a, b, text, help) \
	[METRIC_##name] = {text, help, KIND_##type, &set_##own, {&set_##a, &set_##b}},
	METRICS(X)
#undef X
};

/* Names are ours; should the file have been damaged, what could break a line becomes a "_". */
static void write_name(struct buf *out, const char *name, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_char(out, name[i] > ' ' && name[i] < 127 && name[i] != '"' && name[i] != '\\' ? name[i]
		                                                                                  : '_');
}

static void write_label(struct buf *out, const struct label_set *set, unsigned value)
{
	const char *text, *behind = NULL;

	if (!set->label)
		return;
	text = set->values ? set->values[value] : metric_file_name(set->names, value);
	if (!set->values && set->names == NAMES_call)
		behind = strchr(text, ' ');
	buf_printf(out, "%s%s=\"", out->ptr[out->len - 1] == '{' ? "" : ",", set->label);
	write_name(out, text, behind ? (size_t)(behind - text) : strlen(text));
	if (behind) {
		buf_str(out, "\",operation=\"");
		write_name(out, behind + 1, strlen(behind + 1));
	}
	buf_char(out, '"');
}

/* name{labels, of which the last is le where it is given */
static void write_start(struct buf *out, enum metric m, const char *behind,
                        const unsigned values[3], const char *le)
{
	buf_printf(out, "%s%s{", shown[m].name, behind);
	write_label(out, shown[m].own, values[0]);
	write_label(out, shown[m].labels[0], values[1]);
	write_label(out, shown[m].labels[1], values[2]);
	if (le)
		buf_printf(out, "%sle=\"%s\"", out->ptr[out->len - 1] == '{' ? "" : ",", le);
	if (out->ptr[out->len - 1] == '{')
		out->len--; /* there is no label */
	else
		buf_char(out, '}');
}

static void write_seconds(struct buf *out, uint64_t us)
{
	buf_printf(out, " %llu.%06llu\n", (unsigned long long)(us / 1000000),
	           (unsigned long long)(us % 1000000));
}

static void write_times(struct buf *out, enum metric m, const unsigned values[3],
                        _Atomic uint64_t *numbers)
{
	uint64_t so_far = 0, sum = value_of(&numbers[METRIC_BUCKETS]);
	char     le[24];

	for (size_t i = 0; i < METRIC_BUCKETS; i++) {
		so_far += value_of(&numbers[i]);
		if (i < COUNT(bounds_us))
			snprintf(le, sizeof(le), "%g", (double)bounds_us[i] / 1e6);
		write_start(out, m, "_bucket", values, i < COUNT(bounds_us) ? le : "+Inf");
		buf_printf(out, " %llu\n", (unsigned long long)so_far);
	}
	write_start(out, m, "_sum", values, NULL);
	write_seconds(out, sum);
	write_start(out, m, "_count", values, NULL);
	buf_printf(out, " %llu\n", (unsigned long long)so_far);
}

static void write_one(struct buf *out, enum metric m, const unsigned values[3])
{
	_Atomic uint64_t *numbers = number_of(m, AT(values[1], values[2]), values[0]);
	bool              is_alone = !shown[m].own->label && !shown[m].labels[0]->label;

	if (!is_alone && !atomic_load_explicit(numbers, memory_order_relaxed) &&
	    !count_of(numbers, shapes[m].words))
		return;
	if (shown[m].kind == KIND_TIMES) {
		write_times(out, m, values, numbers);
		return;
	}
	write_start(out, m, "", values, NULL);
	if (shown[m].kind == KIND_MS)
		write_seconds(out, value_of(numbers) * 1000);
	else
		buf_printf(out, " %llu\n", (unsigned long long)value_of(numbers));
}

void metrics_write_head(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_metric(struct buf *out, enum metric m)
{
	unsigned values[3];

	metrics_write_head(out, shown[m].name, shown[m].kind == KIND_TIMES ? "histogram" : "counter",
	                   shown[m].help);
	for (values[0] = 0; values[0] < (shapes[m].has_program ? SIZE_program : 1); values[0]++)
		for (values[1] = 0; values[1] < shapes[m].sizes[0]; values[1]++)
			for (values[2] = 0; values[2] < shapes[m].sizes[1]; values[2]++)
				write_one(out, m, values);
}

/* ---- processes ---- */

void metrics_processes(void (*fn)(const struct metric_process *p, void *data), void *data)
{
	for (unsigned i = 0; i < METRIC_PLACES; i++) {
		struct metric_place  *place = &metric_file.table->places[i];
		struct metric_process p;

		if (!metric_file_is_alive(i))
			continue;
		p = (struct metric_process){.program = metric_file_name(NAMES_program,
		                                                        atomic_load(&place->program)),
		                            .pid = atomic_load(&place->pid),
		                            .sound_ms = atomic_load(&place->sound_ms)};
		for (unsigned g = 0; g < GAUGES_N; g++)
			p.gauges[g] = atomic_load_explicit(&place->gauges[g], memory_order_relaxed);
		fn(&p, data);
	}
}

bool metrics_hangs(const struct metric_process *p, uint64_t now_ms)
{
	return p->sound_ms && clock_elapsed_ms(p->sound_ms, now_ms) >= METRIC_SOUND_MS;
}

/* Of each program, over its processes that live. */
struct sums {
	uint64_t now_ms;
	int64_t  gauges[SIZE_program][GAUGES_N];
	int64_t  processes[SIZE_program], hanging[SIZE_program];
};

static void sum_up(const struct metric_process *p, void *data)
{
	struct sums *sums = data;
	unsigned     program = metric_file_find(NAMES_program, p->program);

	sums->processes[program]++;
	sums->hanging[program] += metrics_hangs(p, sums->now_ms);
	for (unsigned g = 0; g < GAUGES_N; g++)
		sums->gauges[program][g] += p->gauges[g];
}

/* One of each program, `step` behind the one before. */
static void write_gauge(struct buf *out, const char *name, const char *help, const int64_t *values,
                        size_t step)
{
	metrics_write_head(out, name, "gauge", help);
	for (unsigned i = 1; i < SIZE_program && *metric_file_name(NAMES_program, i); i++) {
		buf_printf(out, "%s{", name);
		write_label(out, &set_program, i);
		buf_printf(out, "} %lld\n", (long long)values[i * step]);
	}
}

static void write_gauges(struct buf *out)
{
	static const struct {
		const char *name, *help;
	} gauges[] = {
#define X(name, text, help) {text, help},
		METRIC_GAUGES(X)
#undef X
	};
	struct sums sums = {.now_ms = clock_mono_ms()};

	metrics_processes(sum_up, &sums);
	write_gauge(out, "scribe_processes",
	            "Processes of a program that live; 0: it ran and does not run now.", sums.processes,
	            1);
	write_gauge(out, "scribe_processes_hanging",
	            "Those of them that serve and were not heard of for some seconds.", sums.hanging,
	            1);
	for (unsigned g = 0; g < COUNT(gauges); g++)
		write_gauge(out, gauges[g].name, gauges[g].help, &sums.gauges[0][g], GAUGES_N);
}

void metrics_write(struct buf *out)
{
	for (unsigned m = 0; m < COUNT(shown); m++)
		write_metric(out, (enum metric)m);
	write_gauges(out);
}
