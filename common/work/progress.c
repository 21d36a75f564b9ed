/* progress.c -- a list of turns in hand, a queue of those with something to store, what is left of
 * those that are gone, one thread. */
#include "progress.h"

#include "../base/fatal.h"
#include "../base/log.h"
#include "../base/str.h"
#include "../base/thread.h"
#include "../base/wait.h"

#define ARENA_BYTES 4096u
#define STACK_BYTES ((size_t)1 << 20)
#define PAUSE_MS    100u
#define STORE_MS    2000u
#define TEXT_MAX    65536u /* as the column holds */
#define LEFT_MAX    256u   /* the oldest gives way */
#define LEFT_MS     600000u
#define LEFT_PAUSE  500u

struct progress {
	struct turn_name    turn;
	struct cancel      *cancel;
	struct buf          text; /* this and what follows: under the lock */
	struct spoken_piece pieces[SPOKEN_PIECES_MAX];
	size_t              pieces_n;
	bool                is_in_distress;
	bool                is_stopped;
	uint64_t            due_ms; /* 0: all is stored, and it stands in no queue */
	struct progress    *next_due, **due_link;
	uint64_t            number;       /* no two have the same */
	struct progress    *next, **link; /* link NULL: in no list */
};

/* Of a turn that is over and could not be stored. */
struct left_over {
	struct left_over *next;
	struct arena     *arena; /* its own, and it lives there */
	struct turn_name  turn;
	struct turn_sent  sent;
	uint64_t          until_ms;
};

static struct {
	struct monitor    news; /* guards all here */
	struct cancel     stop;
	pthread_t         thread;
	bool              is_running;
	uint64_t          numbers;
	struct progress  *all;
	struct progress  *first_due, **due_end; /* each waits as long, so who came first is due first */
	struct left_over *first_left, **left_end;
	size_t            left_n;
	uint64_t          left_due_ms;
} office = {.news = MONITOR, .due_end = &office.first_due, .left_end = &office.first_left};

/* ---- what is due, with the lock held ---- */

static void enqueue(struct progress *s)
{
	s->due_ms = clock_mono_ms() + PAUSE_MS;
	s->next_due = NULL;
	s->due_link = office.due_end;
	*office.due_end = s;
	office.due_end = &s->next_due;
}

static void dequeue(struct progress *s)
{
	*s->due_link = s->next_due;
	if (s->next_due)
		s->next_due->due_link = s->due_link;
	else
		office.due_end = s->due_link;
	s->due_ms = 0;
}

static void add_left(struct left_over *l)
{
	l->next = NULL;
	*office.left_end = l;
	office.left_end = &l->next;
	office.left_n++;
}

static struct left_over *take_left(void)
{
	struct left_over *l = office.first_left;

	office.first_left = l->next;
	if (!office.first_left)
		office.left_end = &office.first_left;
	office.left_n--;
	return l;
}

/* ---- the thread ---- */

/* What is stored next, apart from its turn, which may be gone by then; or what is left of one. */
struct task_of_storing {
	struct turn_name  turn;
	struct turn_sent  sent;
	uint64_t          number;
	struct left_over *left; /* NULL: the turn is in hand */
};

static struct turn_name copy_of_name(struct arena *a, const struct turn_name *turn)
{
	return (struct turn_name){arena_strdup(a, turn->session_id), arena_strdup(a, turn->claim),
	                          arena_strdup(a, turn->reply_id), turn->number};
}

static struct turn_sent copy_of_sent(struct arena *a, const struct turn_sent *sent)
{
	struct spoken_piece *pieces = NEW_ARRAY(a, struct spoken_piece, sent->pieces_n);
	struct turn_sent     copy = *sent;

	memcpy(pieces, sent->pieces, sent->pieces_n * sizeof(*pieces));
	copy.text = arena_strdup(a, sent->text);
	copy.pieces = pieces;
	return copy;
}

static struct task_of_storing copy_of(struct ctx *cx, const struct progress *s)
{
	struct turn_sent sent = progress_sent(s);

	return (struct task_of_storing){.turn = copy_of_name(cx->arena, &s->turn),
	                                .sent = copy_of_sent(cx->arena, &sent),
	                                .number = s->number};
}

/* False when it is time to stop. */
static bool wait_until_due(struct ctx *cx, struct monitor_watch *watch, struct task_of_storing *out)
{
	while (!cancel_reason(&office.stop)) {
		struct progress *s = office.first_due;
		struct deadline  until = DEADLINE_NEVER;

		if (s && s->due_ms <= clock_mono_ms()) {
			dequeue(s);
			*out = copy_of(cx, s);
			return true;
		}
		if (office.first_left && office.left_due_ms <= clock_mono_ms()) {
			*out = (struct task_of_storing){.left = take_left()};
			return true;
		}
		if (s)
			until.at_ms = s->due_ms;
		if (office.first_left)
			until = deadline_sooner(until, (struct deadline){office.left_due_ms});
		monitor_wait(&office.news, watch, until);
	}
	return false;
}

static void tell_over(uint64_t number)
{
	for (struct progress *s = office.all; s; s = s->next)
		if (s->number == number && s->cancel && !s->is_stopped)
			cancel_fire(s->cancel, CANCEL_SUPERSEDED);
}

/* What could not be stored comes with the next sentence, or with the end. */
static void store(struct ctx *cx, const struct task_of_storing *task)
{
	bool        is_running = true;
	struct err *e;

	cx->deadline = deadline_in(STORE_MS);
	e = turn_progress_store(cx, &task->turn, &task->sent, &is_running);
	if (e)
		log_err(LOG_WARN, cx, "progress_not_stored", e);
	if (is_running)
		return;
	monitor_lock(&office.news);
	tell_over(task->number);
	monitor_unlock(&office.news);
}

static void drop_left(struct left_over *l)
{
	struct arena *a = l->arena;

	arena_free(&a);
}

/* False: the database is away still. */
static bool store_left(struct ctx *cx, const struct left_over *l)
{
	struct err *e;

	cx->deadline = deadline_in(STORE_MS);
	e = turn_interrupt(cx, &l->turn, &l->sent);
	if (e && (e->kind == ERR_UNAVAILABLE || e->kind == ERR_DEADLINE) &&
	    clock_mono_ms() < l->until_ms)
		return false;
	if (e)
		log_err(LOG_ERROR, cx, "sent_not_stored", e);
	return true;
}

static void try_left(struct ctx *cx, struct left_over *l)
{
	if (store_left(cx, l))
		return drop_left(l);
	monitor_lock(&office.news);
	add_left(l);
	office.left_due_ms = clock_mono_ms() + LEFT_PAUSE;
	monitor_unlock(&office.news);
}

/* At the end of the process: where one can not be stored, the others can not. */
static void store_last(struct ctx *cx)
{
	bool is_away = false;

	while (office.first_left) {
		struct left_over *l = take_left();

		is_away = is_away || !store_left(cx, l);
		if (is_away)
			LOG(LOG_ERROR, NULL, "sent_not_stored", F_STR("detail", "the process ends"));
		drop_left(l);
	}
}

static void *store_on(void *data)
{
	struct ctx             cx = {.arena = arena_new(ARENA_BYTES)};
	struct monitor_watch   watch;
	struct task_of_storing task;

	(void)data;
	monitor_watch(&office.news, &watch, &office.stop);
	monitor_lock(&office.news);
	while (wait_until_due(&cx, &watch, &task)) {
		monitor_unlock(&office.news);
		if (task.left)
			try_left(&cx, task.left);
		else
			store(&cx, &task);
		arena_reset(cx.arena);
		monitor_lock(&office.news);
	}
	monitor_unlock(&office.news);
	store_last(&cx);
	monitor_unwatch(&watch);
	arena_free(&cx.arena);
	return NULL;
}

/* With the lock held. */
static void start_thread(void)
{
	if (office.is_running)
		return;
	cancel_init(&office.stop);
	if (thread_start_for_all(&office.thread, STACK_BYTES, store_on, NULL) != 0)
		fatal("cannot start the thread that stores what is sent");
	office.is_running = true;
}

void progress_end_all(void)
{
	if (!office.is_running)
		return;
	cancel_fire(&office.stop, CANCEL_STOPPING);
	pthread_join(office.thread, NULL);
	cancel_end(&office.stop);
	office.is_running = false;
}

/* ---- one turn ---- */

static void end(void *data)
{
	progress_stop(data);
	progress_end(data);
}

struct progress *progress_start(struct ctx *cx, const struct turn *turn)
{
	struct progress *s = NEW(cx->arena, struct progress);

	s->turn = turn_name_of(turn);
	s->cancel = cx->cancel;
	s->text = buf_new(cx->arena, TEXT_MAX);
	monitor_lock(&office.news);
	s->number = ++office.numbers;
	s->next = office.all;
	if (s->next)
		s->next->link = &s->next;
	s->link = &office.all;
	office.all = s;
	monitor_unlock(&office.news);
	arena_defer(cx->arena, end, s);
	return s;
}

void progress_note(struct progress *s, struct span said, unsigned ms)
{
	monitor_lock(&office.news);
	s->text = buf_new(s->text.arena, TEXT_MAX);
	buf_add(&s->text, said.ptr, said.len);
	if (s->pieces_n < SPOKEN_PIECES_MAX)
		s->pieces_n++;
	s->pieces[s->pieces_n - 1] = (struct spoken_piece){(unsigned)s->text.len, ms};
	if (!s->is_stopped && !s->due_ms)
		enqueue(s);
	start_thread();
	if (office.first_due == s)
		monitor_tell(&office.news);
	monitor_unlock(&office.news);
}

void progress_go_on(struct progress *s, const struct turn_sent *sent)
{
	monitor_lock(&office.news);
	buf_str(&s->text, sent->text);
	s->is_in_distress = sent->is_in_distress;
	s->pieces_n = sent->pieces_n;
	memcpy(s->pieces, sent->pieces, sent->pieces_n * sizeof(*s->pieces));
	monitor_unlock(&office.news);
}

void progress_is_grave(struct progress *s)
{
	monitor_lock(&office.news);
	s->is_in_distress = true;
	monitor_unlock(&office.news);
}

struct turn_sent progress_sent(const struct progress *s)
{
	return (struct turn_sent){.text = buf_text(&s->text),
	                          .pieces = s->pieces,
	                          .pieces_n = s->pieces_n,
	                          .is_in_distress = s->is_in_distress};
}

void progress_stop(struct progress *s)
{
	monitor_lock(&office.news);
	if (s->due_ms)
		dequeue(s);
	s->is_stopped = true;
	monitor_unlock(&office.news);
}

void progress_end(struct progress *s)
{
	monitor_lock(&office.news);
	if (s->link) {
		*s->link = s->next;
		if (s->next)
			s->next->link = s->link;
	}
	s->link = NULL;
	monitor_unlock(&office.news);
}

static void give_way(struct left_over *l)
{
	LOG(LOG_ERROR, NULL, "sent_not_stored", F_STR("detail", "too many are left"));
	drop_left(l);
}

void progress_leave(const struct turn_name *turn, const struct turn_sent *sent)
{
	struct arena     *a = arena_new(ARENA_BYTES);
	struct left_over *l = NEW(a, struct left_over);

	*l = (struct left_over){.arena = a,
	                        .turn = copy_of_name(a, turn),
	                        .sent = copy_of_sent(a, sent),
	                        .until_ms = clock_mono_ms() + LEFT_MS};
	monitor_lock(&office.news);
	if (office.left_n == LEFT_MAX)
		give_way(take_left());
	add_left(l);
	start_thread();
	monitor_tell(&office.news);
	monitor_unlock(&office.news);
}

/* ---- for the next turn ---- */

static struct progress *one_before(const struct turn *turn)
{
	for (struct progress *s = office.all; s; s = s->next)
		if (s->turn.number == turn->number - 1 && s->text.len &&
		    str_equal(s->turn.session_id, turn->session_id))
			return s;
	return NULL;
}

/* With the lock held. */
static void add_to_history(struct ctx *cx, const struct progress *s, struct turn *turn)
{
	struct utterance_text *history =
		NEW_ARRAY(cx->arena, struct utterance_text, turn->history_n + 1);
	bool is_there = str_equal(turn->last_id, s->turn.reply_id);

	/* One that was stopped is stored as it was heard. */
	if (is_there && s->is_stopped)
		return;
	memcpy(history, turn->history, turn->history_n * sizeof(*history));
	for (size_t i = 0; i < turn->history_n; i++)
		history[i].is_unread = false; /* they are being answered */
	turn->history = history;
	turn->history_n += !is_there;
	turn->last_id = arena_strdup(cx->arena, s->turn.reply_id);
	history[turn->history_n - 1] =
		(struct utterance_text){.speaker = SPEAKER_AGENT,
	                            .text = arena_strdup(cx->arena, buf_text(&s->text)),
	                            .is_in_distress = s->is_in_distress,
	                            .is_interrupted = true};
}

void progress_recall(struct ctx *cx, struct turn *turn)
{
	const struct progress *before;

	monitor_lock(&office.news);
	before = one_before(turn);
	if (before)
		add_to_history(cx, before, turn);
	monitor_unlock(&office.news);
}
