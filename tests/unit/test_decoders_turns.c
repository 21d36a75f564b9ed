/* test_decoders_turns.c -- a recording that takes long keeps nobody waiting who is quick. */
#include "unit.h"

#include "devilish.h"

#include <sys/resource.h>

#define BRIEFLY 2000u /* far less than what takes long may take */
#define ROUNDS  5     /* on a machine so slow that what takes long is over first */

static int start(void **state)
{
	const struct cfg_group *const groups[] = {&decoders_settings};

	(void)state;
	return cfg_load(groups, 1) + decoders_start();
}

static int stop(void **state)
{
	(void)state;
	decoders_stop();
	return 0;
}

/* Devilish recordings, and whoever wants to know no more of them. */
struct crowd {
	struct task   tasks[PLACES + 1];
	size_t        n;
	struct cancel cancel;
};

static void begin_crowd(struct crowd *crowd, const uint64_t *clients, size_t n)
{
	*crowd = (struct crowd){.n = n};
	cancel_init(&crowd->cancel);
	for (size_t i = 0; i < n; i++) {
		crowd->tasks[i].cancel = &crowd->cancel;
		crowd->tasks[i].client = clients[i];
		begin_devilish(&crowd->tasks[i]);
	}
}

static bool is_any_over(const struct crowd *crowd)
{
	bool is_over = false;

	for (size_t i = 0; i < crowd->n; i++)
		is_over |= atomic_load(&crowd->tasks[i].is_over);
	return is_over;
}

static void end_crowd(struct crowd *crowd)
{
	cancel_fire(&crowd->cancel, CANCEL_CLIENT_LEFT);
	for (size_t i = 0; i < crowd->n; i++)
		pthread_join(crowd->tasks[i].thread, NULL);
	cancel_end(&crowd->cancel);
}

/* As many as there are places, and more; before any of them is over. */
static bool decodes_beside_a_crowd(void)
{
	static const uint64_t clients[PLACES + 1] = {0};
	struct crowd          crowd;
	bool                  is_first;

	begin_crowd(&crowd, clients, COUNT(clients));
	wait_for_worker(getpid());
	for (size_t i = 0; i < COUNT(clients); i++)
		assert_decodes();
	is_first = !is_any_over(&crowd);
	end_crowd(&crowd);
	return is_first;
}

static void who_takes_long_lets_others_go_before(void **state)
{
	bool is_first = false;

	(void)state;
	for (int i = 0; i < ROUNDS && !is_first; i++)
		is_first = decodes_beside_a_crowd();
	assert_true(is_first);
}

/* False: it was told that nothing comes of waiting. */
static bool is_let_in(uint64_t client, unsigned ms)
{
	struct ctx  cx = new_ctx(ms);
	struct span bytes = read_recording(&cx, "formats/opus.webm");
	struct pcm  pcm;
	struct err *e;
	bool        is_refused;

	cx.client = client;
	e = decoders_decode(&cx, bytes, AUDIO_WEBM, &pcm);
	is_refused = e && e->kind == ERR_UNAVAILABLE;
	arena_free(&cx.arena);
	return !is_refused;
}

/* Until its processor time is used up. */
static void use_much(uint64_t client)
{
	struct task devilish = {.client = client};

	begin_devilish(&devilish);
	pthread_join(devilish.thread, NULL);
	assert_int_equal(devilish.kind, ERR_AUDIO);
}

static void wait_for_a_helper_in_vain(uint64_t client)
{
	pid_t nursery = leave_no_helper();

	assert_false(is_let_in(client, PATIENCE));
	kill(nursery, SIGCONT);
}

enum { ANN = 31, BOB, CID, DAN };

/* Where those are who take long, whom it then has to wait for. Who had to wait used nothing. */
static void who_has_used_much_is_behind_too(void **state)
{
	static const uint64_t clients[PLACES] = {ANN, BOB};
	struct crowd          crowd;
	bool                  cid_is_let_in = true;

	(void)state;
	wait_for_a_helper_in_vain(DAN);
	use_much(CID);
	begin_crowd(&crowd, clients, COUNT(clients));
	while (cid_is_let_in && !is_any_over(&crowd))
		cid_is_let_in = is_let_in(CID, BRIEFLY);
	assert_false(cid_is_let_in);
	assert_decodes();
	assert_true(is_let_in(DAN, BRIEFLY));
	end_crowd(&crowd);
}

static bool worker_is_behind(void)
{
	pid_t worker = worker_of(getpid());

	return worker > 0 && getpriority(PRIO_PROCESS, (id_t)worker) >= 10;
}

static void who_takes_long_leaves_the_processor_to_others(void **state)
{
	struct deadline until = deadline_in(PATIENCE);
	struct cancel   cancel;
	struct task     devilish = {.cancel = &cancel};
	bool            is_behind = false;

	(void)state;
	cancel_init(&cancel);
	begin_devilish(&devilish);
	while (!is_behind && !atomic_load(&devilish.is_over) && deadline_left_ms(until)) {
		pause_shortly();
		is_behind = worker_is_behind();
	}
	cancel_fire(&cancel, CANCEL_CLIENT_LEFT);
	pthread_join(devilish.thread, NULL);
	cancel_end(&cancel);
	assert_true(is_behind);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_takes_long_lets_others_go_before),
		cmocka_unit_test(who_has_used_much_is_behind_too),
		cmocka_unit_test(who_takes_long_leaves_the_processor_to_others),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
