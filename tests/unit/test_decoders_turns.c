/* test_decoders_turns.c -- a recording that takes long keeps nobody waiting who is quick. */
#include "unit.h"

#include "devilish.h"

#include <sys/resource.h>

#define TIMES 16 /* of a fifth of a second */

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

/* As many as there are places, and more. */
static void who_takes_long_lets_others_go_before(void **state)
{
	struct task devilish[PLACES + 1] = {{.cancel = NULL}};

	(void)state;
	for (size_t i = 0; i < COUNT(devilish); i++)
		begin_devilish(&devilish[i]);
	wait_for_worker(getpid());
	for (size_t i = 0; i < COUNT(devilish); i++)
		assert_decodes();
	for (size_t i = 0; i < COUNT(devilish); i++)
		assert_false(atomic_load(&devilish[i].is_over));
	for (size_t i = 0; i < COUNT(devilish); i++) {
		pthread_join(devilish[i].thread, NULL);
		assert_int_equal(devilish[i].kind, ERR_AUDIO);
	}
}

/* A decoder works for it, and nobody wants what comes of it. */
static void work_in_vain(uint64_t client)
{
	struct cancel cancel;
	struct task   devilish = {.cancel = &cancel, .client = client};
	pid_t         worker;

	cancel_init(&cancel);
	begin_devilish(&devilish);
	worker = wait_for_worker(getpid());
	cancel_fire(&cancel, CANCEL_CLIENT_LEFT);
	pthread_join(devilish.thread, NULL);
	wait_until_gone(worker);
	cancel_end(&cancel);
}

/* False: it was told that nothing comes of waiting. */
static bool decodes_for(uint64_t client)
{
	struct ctx  cx = new_ctx(1000);
	struct span bytes = read_recording(&cx, "formats/opus.webm");
	struct pcm  pcm;
	struct err *e;

	cx.client = client;
	e = decoders_decode(&cx, bytes, AUDIO_WEBM, &pcm);
	if (e)
		assert_err(e, ERR_UNAVAILABLE);
	arena_free(&cx.arena);
	return !e;
}

/* Where those are who take long, whom it then has to wait for. */
static void who_has_used_much_is_behind_too(void **state)
{
	struct task devilish[PLACES] = {{.client = 31}, {.client = 32}};
	bool        is_let_in = true;

	(void)state;
	for (int i = 0; i < TIMES; i++)
		work_in_vain(33);
	for (size_t i = 0; i < COUNT(devilish); i++)
		begin_devilish(&devilish[i]);
	while (is_let_in && !atomic_load(&devilish[0].is_over) && !atomic_load(&devilish[1].is_over))
		is_let_in = decodes_for(33);
	assert_false(is_let_in);
	assert_decodes();
	for (size_t i = 0; i < COUNT(devilish); i++)
		pthread_join(devilish[i].thread, NULL);
}

static bool worker_is_behind(void)
{
	pid_t worker = worker_of(getpid());

	return worker > 0 && getpriority(PRIO_PROCESS, (id_t)worker) == 10;
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
