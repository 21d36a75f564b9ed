/* error_count.c -- rows of the mapped file (metric_file.h).
 *
 * A row is free, being written by who took it, or whole, and then it stays that error's. Two who
 * take one for the same error at the same moment have two rows: they are reported apart, and are
 * one where they are grouped. A process that dies while it writes one leaves it to nobody. */
#include "error_count.h"

#include "clock.h"
#include "metric_file.h"

enum row_state { ROW_FREE, ROW_TAKEN, ROW_WHOLE };

/* Has no name: of those for which there is no other. */
#define OTHERS 0u

struct error_key {
	unsigned    program;
	const char *event, *code, *where;
};

static bool is_same(const char *kept, size_t bytes, const char *text)
{
	return strncmp(kept, text, bytes - 1) == 0;
}

static bool is_of(const struct error_row *row, const struct error_key *key)
{
	return row->program == key->program && is_same(row->event, sizeof(row->event), key->event) &&
	       is_same(row->code, sizeof(row->code), key->code) &&
	       is_same(row->where, sizeof(row->where), key->where);
}

static void write_key(struct error_row *row, const struct error_key *key)
{
	row->program = key->program;
	snprintf(row->event, sizeof(row->event), "%s", key->event);
	snprintf(row->code, sizeof(row->code), "%s", key->code);
	snprintf(row->where, sizeof(row->where), "%s", key->where);
	atomic_store_explicit(&row->state, ROW_WHOLE, memory_order_release);
}

static struct error_row *find_or_take(const struct error_key *key)
{
	struct error_row *rows = metric_file.table->errors;

	for (unsigned i = OTHERS + 1; i < ERROR_ROWS; i++) {
		unsigned state = atomic_load_explicit(&rows[i].state, memory_order_acquire);

		if (state == ROW_WHOLE && is_of(&rows[i], key))
			return &rows[i];
		if (state != ROW_FREE || !atomic_compare_exchange_strong(&rows[i].state, &state, ROW_TAKEN))
			continue;
		write_key(&rows[i], key);
		return &rows[i];
	}
	return &rows[OTHERS];
}

/* In words, so that whoever reads meanwhile reads no broken memory; of two at the same moment it
 * may be half of either. */
static void keep_trace(struct error_row *row, const char *trace_id)
{
	char     text[ERROR_TRACE_MAX] = "";
	uint64_t word;

	memcpy(text, trace_id, strnlen(trace_id, sizeof(text)));
	for (size_t i = 0; i < COUNT(row->trace); i++) {
		memcpy(&word, text + i * sizeof(word), sizeof(word));
		atomic_store_explicit(&row->trace[i], word, memory_order_relaxed);
	}
}

void error_count_add(const char *event, const char *code, const char *where, const char *trace_id)
{
	struct error_key  key = {metric_file.program, event, code ? code : "", where ? where : ""};
	struct error_row *row = find_or_take(&key);

	if (atomic_load_explicit(&row->count, memory_order_relaxed) == 0)
		keep_trace(row, trace_id ? trace_id : "");
	atomic_store_explicit(&row->last_unix_ms, clock_unix_ms(), memory_order_relaxed);
	atomic_fetch_add_explicit(&row->count, 1, memory_order_release);
}

static void show(struct error_row *row, unsigned i, struct error_counted *out)
{
	uint64_t word;

	*out = (struct error_counted){
		.row = i,
		.last_unix_ms = atomic_load_explicit(&row->last_unix_ms, memory_order_relaxed),
		.program = metric_file_name(NAMES_program, i == OTHERS ? 0 : row->program),
	};
	for (size_t k = 0; k < COUNT(row->trace); k++) {
		word = atomic_load_explicit(&row->trace[k], memory_order_relaxed);
		memcpy(out->trace_id + k * sizeof(word), &word, sizeof(word));
	}
	if (i == OTHERS) {
		snprintf(out->event, sizeof(out->event), "other_errors");
		return;
	}
	snprintf(out->event, sizeof(out->event), "%.*s", (int)sizeof(row->event) - 1, row->event);
	snprintf(out->code, sizeof(out->code), "%.*s", (int)sizeof(row->code) - 1, row->code);
	snprintf(out->where, sizeof(out->where), "%.*s", (int)sizeof(row->where) - 1, row->where);
}

bool error_count_next(unsigned from, struct error_counted *out)
{
	struct error_row *rows = metric_file.table->errors;

	for (unsigned k = 0; k < ERROR_ROWS; k++) {
		unsigned i = (from + k) % ERROR_ROWS;
		uint64_t n = atomic_load_explicit(&rows[i].count, memory_order_acquire);

		if (n == 0 || (i != OTHERS && atomic_load(&rows[i].state) != ROW_WHOLE))
			continue;
		show(&rows[i], i, out);
		out->n = n;
		return true;
	}
	return false;
}

/* Who was held up may tell once more what another has told meanwhile: not below nothing. */
void error_count_told(unsigned row, uint64_t n)
{
	_Atomic uint64_t *count = &metric_file.table->errors[row].count;
	uint64_t          was = atomic_load(count);

	while (!atomic_compare_exchange_weak(count, &was, was > n ? was - n : 0))
		;
}
