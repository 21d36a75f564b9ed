/* breaker.c -- two words per breaker, changed by compare and swap only. The first:
 *
 *   bits  0..15  the last calls, newest in bit 0; 1 is a failure
 *   bits 16..20  how many calls that are, 0..16
 *   bits 21..22  state: closed, open, probing
 *   bits 23..25  how often it opened in a row, for the back-off, 0..7
 *   bits 26..63  a monotonic time in ms: open until; probing since; closed since
 *
 * State and time together tell one spell from the next, so a call's pass is made of
 * them. The second word, of the answers of no use in a row:
 *
 *   bits  0..3   how many
 *   bits  4..63  four different sessions they were for, 15 bits of a hash each; 0: free
 *
 * In the first word of a breaker of refusals the bits of the calls are who was refused.
 *
 * A time that no running clock can have written (the file outlived a boot) is
 * taken as passed, so an old word can never keep a provider out for long. */
#include "breaker.h"

#include "../base/fatal.h"
#include "../base/log.h"
#include "../base/shared_file.h"
#include "../base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(ATOMIC_LONG_LOCK_FREE == 2 && sizeof(long) == 8,
               "words in shared memory must need no lock");

#define WINDOW        16u
#define CALLS_MIN     5u
#define OPEN_FIRST_MS 5000u
#define OPEN_MAX_MS   60000u
#define PROBE_MAX_MS  30000u                  /* a probe that never reported is given up */
#define SANE_MS       (UINT64_C(2) * 3600000) /* no wait is longer */
#define TIME_MASK     ((1ull << 38) - 1)

#define ROW_MAX      8u /* unusable answers in a row */
#define ROW_SESSIONS 4u
#define SESSION_BITS 15u
#define UNUSABLE_MS  30000u
#define SPELL_MASK   (3ull << 21 | TIME_MASK << 26)

enum state { CLOSED, OPEN, PROBING };

struct view {
	unsigned   calls, calls_n;
	enum state state;
	unsigned   level;
	uint64_t   time_ms;
};

static struct view unpack(uint64_t w)
{
	return (struct view){
		.calls = (unsigned)(w & 0xffff),
		.calls_n = (unsigned)(w >> 16 & 0x1f),
		.state = (enum state)(w >> 21 & 3),
		.level = (unsigned)(w >> 23 & 7),
		.time_ms = w >> 26,
	};
}

static uint64_t pack(struct view v)
{
	return (uint64_t)v.calls | (uint64_t)v.calls_n << 16 | (uint64_t)v.state << 21 |
	       (uint64_t)v.level << 23 | (v.time_ms & TIME_MASK) << 26;
}

/* Spreads programs that opened together; needs no quality, only no dependency. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

/* The back-off of this level, give or take an eighth. */
static uint64_t open_ms(unsigned level, uint64_t seed)
{
	uint64_t ms = (uint64_t)OPEN_FIRST_MS << level;

	if (ms > OPEN_MAX_MS)
		ms = OPEN_MAX_MS;
	return ms - ms / 8 + mix(seed) % (ms / 4);
}

static struct view opened(struct view v, uint64_t now_ms)
{
	return (struct view){
		.state = OPEN,
		.level = v.level < 7 ? v.level + 1 : 7,
		.time_ms = now_ms + open_ms(v.level, now_ms),
	};
}

static bool is_tripped(struct view v)
{
	unsigned failed = (unsigned)__builtin_popcount(v.calls);

	return v.calls_n >= CALLS_MIN && (failed * 2 >= v.calls_n || (v.calls & 0x1f) == 0x1f);
}

/* The provider must be left alone: open, or somebody else is probing. */
static bool is_closed_to(struct view v, uint64_t now_ms)
{
	if (v.state == OPEN)
		return now_ms < v.time_ms && v.time_ms - now_ms <= SANE_MS;
	if (v.state == PROBING)
		return now_ms >= v.time_ms && now_ms - v.time_ms < PROBE_MAX_MS;
	return false;
}

bool breaker_allow(struct breaker *b, uint64_t now_ms, struct breaker_pass *out)
{
	uint64_t    word = atomic_load(&b->word), next = word;
	struct view v;

	do {
		v = unpack(word);
		if (is_closed_to(v, now_ms))
			return false;
		if (v.state != CLOSED) {
			v.state = PROBING;
			v.time_ms = now_ms;
		}
		next = pack(v);
	} while (next != word && !atomic_compare_exchange_weak(&b->word, &word, next));
	out->seen = next & SPELL_MASK;
	return true;
}

static struct view after_call(struct view v, bool ok, uint64_t now_ms)
{
	if (v.state == PROBING)
		return ok ? (struct view){.state = CLOSED, .time_ms = now_ms} : opened(v, now_ms);
	v.calls = (v.calls << 1 | !ok) & 0xffff;
	v.calls_n = v.calls_n < WINDOW ? v.calls_n + 1 : WINDOW;
	return is_tripped(v) ? opened(v, now_ms) : v;
}

void breaker_report(struct breaker *b, struct breaker_pass pass, bool ok, uint64_t now_ms)
{
	uint64_t word = atomic_load(&b->word);

	do
		if ((word & SPELL_MASK) != pass.seen)
			return;
	while (
		!atomic_compare_exchange_weak(&b->word, &word, pack(after_call(unpack(word), ok, now_ms))));
	if (ok)
		atomic_store(&b->unusable, 0);
}

/* Never 0. */
static uint64_t session_mark(const char *session)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (; *session; session++)
		hash = (hash ^ (unsigned char)*session) * 0x100000001b3u;
	hash = mix(hash) & ((1u << SESSION_BITS) - 1);
	return hash ? hash : 1;
}

/* The row with one more answer; *sessions_out is how many sessions are known to be in it. */
static uint64_t lengthened(uint64_t row, const char *session, unsigned *sessions_out)
{
	uint64_t mark = session ? session_mark(session) : 0;
	unsigned shift = 4, n = 0;

	for (; n < ROW_SESSIONS; n++, shift += SESSION_BITS) {
		uint64_t there = row >> shift & ((1u << SESSION_BITS) - 1);

		if (!there)
			row |= mark << shift;
		if (!there && !mark)
			break;
		if (!there || there == mark)
			mark = 0;
	}
	*sessions_out = n;
	return (row & 0xf) < ROW_MAX ? row + 1 : row;
}

/* The probe was answered: the service works. */
static bool close_if_probe(struct breaker *b, struct breaker_pass pass, uint64_t now_ms)
{
	uint64_t word = atomic_load(&b->word), next;

	do {
		if ((word & SPELL_MASK) != pass.seen)
			return false;
		next = unpack(word).state == PROBING ? pack(after_call(unpack(word), true, now_ms)) : word;
	} while (next != word && !atomic_compare_exchange_weak(&b->word, &word, next));
	return true;
}

/* The row stays as it is when it opens the breaker, so that the probe's answer, when it is of no
 * use either, opens it again. */
void breaker_unusable(struct breaker *b, struct breaker_pass pass, const char *session,
                      uint64_t now_ms)
{
	uint64_t row, next;
	unsigned sessions;

	if (!close_if_probe(b, pass, now_ms))
		return;
	row = atomic_load(&b->unusable);
	do
		next = lengthened(row, session, &sessions);
	while (!atomic_compare_exchange_weak(&b->unusable, &row, next));
	if ((next & 0xf) >= ROW_MAX && sessions == ROW_SESSIONS)
		breaker_hold(b, now_ms + UNUSABLE_MS);
}

void breaker_forget(struct breaker *b, struct breaker_pass pass)
{
	uint64_t    word = atomic_load(&b->word);
	struct view v;

	do {
		v = unpack(word);
		if (v.state != PROBING || (word & SPELL_MASK) != pass.seen)
			return;
		v.state = OPEN;
		v.time_ms = 0;
	} while (!atomic_compare_exchange_weak(&b->word, &word, pack(v)));
}

void breaker_hold(struct breaker *b, uint64_t until_ms)
{
	uint64_t    word = atomic_load(&b->word);
	struct view v;

	do {
		v = unpack(word);
		if (v.state == OPEN && v.time_ms > until_ms)
			return;
		v.state = OPEN;
		v.time_ms = until_ms;
	} while (!atomic_compare_exchange_weak(&b->word, &word, pack(v)));
}

void breaker_deny(struct breaker *b, unsigned whom, uint64_t until_ms)
{
	atomic_store(&b->word,
	             pack((struct view){.calls = whom & 0xffff, .state = OPEN, .time_ms = until_ms}));
}

bool breaker_denies(const struct breaker *b, unsigned whom, uint64_t now_ms)
{
	struct view v = unpack(atomic_load(&b->word));

	return v.calls == (whom & 0xffff) && is_closed_to(v, now_ms);
}

void breaker_pardon(struct breaker *b)
{
	atomic_store(&b->word, 0);
}

bool breaker_is_open(const struct breaker *b, uint64_t now_ms)
{
	return is_closed_to(unpack(atomic_load(&b->word)), now_ms);
}

/* ---- The table of names, in a file or in this process ---- */

#define SLOTS      64u
#define NAME_BYTES 48u
#define MAGIC      "scribe breakers 2"
#define MAGIC_1    "scribe breakers 1"

struct slot {
	char           name[NAME_BYTES]; /* "" when free; changed under the file's lock only */
	struct breaker breaker;
};

struct table {
	char        magic[64];
	struct slot slots[SLOTS];
};

static struct table    private_table;
static struct table   *table = &private_table;
static int             table_fd = -1;
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;

static bool names_are_sound(const struct table *t)
{
	for (size_t i = 0; i < SLOTS; i++)
		if (!memchr(t->slots[i].name, '\0', NAME_BYTES))
			return false;
	return strncmp(t->magic, MAGIC, sizeof(t->magic)) == 0;
}

/* A file of the version before has the same size; what it knew is not worth keeping. */
static void begin_anew(struct table *t)
{
	if (strncmp(t->magic, MAGIC_1, sizeof(t->magic)) == 0)
		*t = (struct table){.magic = MAGIC};
}

/* With the lock held. Sets *table_out, or says what is wrong with the file. */
static const char *map_file(int fd, struct table **table_out)
{
	struct stat   st;
	const char   *problem;
	struct table *t;

	problem = shared_file_distrust(fd, &st);
	if (problem)
		return problem;
	if (st.st_size == 0 &&
	    (ftruncate(fd, sizeof(*t)) != 0 || pwrite(fd, MAGIC, sizeof(MAGIC), 0) != sizeof(MAGIC)))
		return strerror(errno);
	if (st.st_size != 0 && (size_t)st.st_size != sizeof(*t))
		return "it has another size";
	t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (t == MAP_FAILED)
		return strerror(errno);
	begin_anew(t);
	if (!names_are_sound(t)) {
		munmap(t, sizeof(*t));
		return "its content is not ours";
	}
	*table_out = t;
	return NULL;
}

static const char *open_table(const char *path)
{
	int         fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	const char *problem;

	if (fd < 0)
		return strerror(errno);
	if (!shared_file_lock(fd)) {
		close(fd);
		return "somebody keeps it locked";
	}
	problem = map_file(fd, &table);
	flock(fd, LOCK_UN);
	if (problem)
		close(fd);
	else
		table_fd = fd;
	return problem;
}

void breaker_share(const char *path)
{
	const char *problem;

	if (table != &private_table) {
		munmap(table, sizeof(*table));
		close(table_fd);
	}
	table = &private_table;
	table_fd = -1;
	problem = path ? open_table(path) : NULL;
	if (problem)
		LOG(LOG_WARN, NULL, "breakers_not_shared", F_STR("path", path), F_STR("detail", problem));
}

static struct breaker *find_or_claim(struct table *t, const char *name)
{
	for (size_t i = 0; i < SLOTS; i++) {
		struct slot *s = &t->slots[i];

		if (strncmp(s->name, name, NAME_BYTES) == 0)
			return &s->breaker;
		if (s->name[0])
			continue;
		memcpy(s->name, name, strlen(name) + 1);
		return &s->breaker;
	}
	return NULL;
}

struct breaker *breaker_named(const char *name)
{
	struct breaker *b = NULL;

	if (!*name || strlen(name) >= NAME_BYTES)
		fatal("breaker name of a wrong length: %s", name);
	pthread_mutex_lock(&table_lock);
	if (table_fd >= 0 && shared_file_lock(table_fd)) {
		b = find_or_claim(table, name);
		flock(table_fd, LOCK_UN);
	}
	if (!b)
		b = find_or_claim(&private_table, name);
	pthread_mutex_unlock(&table_lock);
	if (!b)
		fatal("more than %u breakers", SLOTS);
	return b;
}

/* Of letters as we write them: what is in the file may be damaged. */
static bool is_sound_name(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_.-");

	return n > 0 && n < NAME_BYTES && !name[n];
}

static enum breaker_state state_of(const struct breaker *b, uint64_t now_ms)
{
	struct view v = unpack(atomic_load(&b->word));

	if (!is_closed_to(v, now_ms))
		return BREAKER_CLOSED;
	return v.state == PROBING ? BREAKER_PROBING : BREAKER_OPEN;
}

void breaker_each(uint64_t now_ms,
                  void (*fn)(const char *name, enum breaker_state state, void *data), void *data)
{
	for (size_t i = 0; i < SLOTS; i++) {
		const struct slot *s = &table->slots[i];
		char               name[NAME_BYTES];

		memcpy(name, s->name, NAME_BYTES);
		if (memchr(name, '\0', NAME_BYTES) && is_sound_name(name))
			fn(name, state_of(&s->breaker, now_ms), data);
	}
}
