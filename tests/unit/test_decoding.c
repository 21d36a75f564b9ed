/* test_decoding.c -- a decoder that was taken over by its recording is not believed. */
#include "unit.h"

#include "../../common/engines/decoding.h"
#include "recordings.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE 60000u

/* What a helper that was taken over by its recording does with what it was sent. */
typedef void treachery(int socket, const int files[ERRAND_FILES]);

static void send_result(int socket, uint32_t outcome, uint32_t samples)
{
	struct errand_result result = {outcome, samples};

	assert_true(errand_send(socket, (struct span){(char *)&result, sizeof(result)}, NULL, 0));
}

static void write_floats(const int files[ERRAND_FILES], const float *floats, size_t n)
{
	ssize_t len = (ssize_t)(n * sizeof(float));

	assert_int_equal(pwrite(files[ERRAND_SAMPLES], floats, (size_t)len, 0), len);
}

static void is_honest(int socket, const int files[ERRAND_FILES])
{
	write_floats(files, (float[]){0.5f, -1}, 2);
	send_result(socket, ERRAND_DONE, 2);
}

static void tells_of_too_many(int socket, const int files[ERRAND_FILES])
{
	(void)files;
	send_result(socket, ERRAND_DONE, (uint32_t)AUDIO_SAMPLES_MAX + 1);
}

static void tells_of_none(int socket, const int files[ERRAND_FILES])
{
	(void)files;
	send_result(socket, ERRAND_DONE, 0);
}

static void gives_no_number(int socket, const int files[ERRAND_FILES])
{
	write_floats(files, (float[]){0, NAN}, 2);
	send_result(socket, ERRAND_DONE, 2);
}

static void gives_no_wave(int socket, const int files[ERRAND_FILES])
{
	write_floats(files, (float[]){0, 1.5f}, 2);
	send_result(socket, ERRAND_DONE, 2);
}

static void keeps_a_way_to_write(int socket, const int files[ERRAND_FILES])
{
	void *kept = mmap(NULL, 8, PROT_READ | PROT_WRITE, MAP_SHARED, files[ERRAND_SAMPLES], 0);

	assert_ptr_not_equal(kept, MAP_FAILED);
	send_result(socket, ERRAND_DONE, 2);
}

static void shortens_the_file(int socket, const int files[ERRAND_FILES])
{
	assert_int_equal(ftruncate(files[ERRAND_SAMPLES], 0), -1);
	assert_int_equal(write(files[ERRAND_RECORDING], "x", 1), -1);
	tells_of_none(socket, files);
}

static void sends_half(int socket, const int files[ERRAND_FILES])
{
	(void)files;
	assert_true(errand_send(socket, SPAN("abc"), NULL, 0));
}

static void sends_more(int socket, const int files[ERRAND_FILES])
{
	(void)files;
	assert_true(errand_send(socket, SPAN("\1\0\0\0\2\0\0\0and more"), NULL, 0));
}

static void sends_nonsense(int socket, const int files[ERRAND_FILES])
{
	(void)files;
	send_result(socket, 77, 2);
}

static void slips_in_a_file(int socket, const int files[ERRAND_FILES])
{
	struct errand_result result = {77, 2};

	assert_true(errand_send(socket, (struct span){(char *)&result, sizeof(result)}, files, 1));
}

static void dies(int socket, const int files[ERRAND_FILES])
{
	(void)files;
	send_result(socket, ERRAND_DIED, 0);
}

static void says_nothing(int socket, const int files[ERRAND_FILES])
{
	(void)socket, (void)files;
}

static size_t open_files(void)
{
	return entries_in("/proc/self/fd");
}

static struct err *betrayed(struct ctx *cx, treachery *betray, bool leaves, enum loss *loss_out,
                            struct pcm *out)
{
	struct decoding d = DECODING;
	struct errand   errand;
	int             ends[2], files[ERRAND_FILES];
	struct err     *e;
	struct deadline until = deadline_in(leaves ? PATIENCE : 0);

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	d.helper = ends[0];
	assert_ok(decoding_pack(cx, &d, SPAN("RIFF"), AUDIO_WAV));
	assert_true(decoding_send(&d));
	assert_int_equal(errand_receive(ends[1], &errand, sizeof(errand), files, ERRAND_FILES, 0),
	                 sizeof(errand));
	assert_int_equal(errand.bytes, 4);
	betray(ends[1], files);
	if (leaves)
		close(ends[1]);
	e = decoding_receive(cx, &d, until, loss_out, out);
	decoding_end(&d);
	if (!leaves)
		close(ends[1]);
	for (size_t i = 0; i < ERRAND_FILES; i++)
		close(files[i]);
	return e;
}

static void believes_no_helper(void **state)
{
	static treachery *const all[] = {
		tells_of_too_many,
		tells_of_none,
		gives_no_number,
		gives_no_wave,
		keeps_a_way_to_write,
		shortens_the_file,
		sends_half,
		sends_more,
		sends_nonsense,
		slips_in_a_file,
		dies,
	};
	struct ctx cx = new_ctx(PATIENCE);
	size_t     files_n = open_files();
	struct pcm pcm;
	enum loss  loss;

	(void)state;
	for (size_t i = 0; i < COUNT(all); i++) {
		assert_err(betrayed(&cx, all[i], true, &loss, &pcm), ERR_AUDIO);
		assert_int_equal(loss, LOSS_HELPER);
	}
	assert_err(betrayed(&cx, says_nothing, false, &loss, &pcm), ERR_AUDIO);
	assert_int_equal(loss, LOSS_HELPER);
	assert_err(betrayed(&cx, says_nothing, true, &loss, &pcm), ERR_AUDIO);
	assert_int_equal(loss, LOSS_NURSERY); /* which would have told of its death */
	assert_ok(betrayed(&cx, is_honest, true, &loss, &pcm));
	assert_int_equal(loss, LOSS_NONE);
	assert_int_equal(pcm.n, 2);
	assert_true(pcm.samples[0] == 0.5f && pcm.samples[1] == -1);
	assert_int_equal(open_files(), files_n);
	arena_free(&cx.arena);
}

/* Its socket may be open still, at one just born. */
static void asks_no_dead_helper(void **state)
{
	struct ctx      cx = new_ctx(PATIENCE);
	struct decoding d = DECODING;
	int             ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	d.helper = ends[0];
	dies(ends[1], NULL);
	assert_ok(decoding_pack(&cx, &d, SPAN("RIFF"), AUDIO_WAV));
	assert_false(decoding_send(&d));
	assert_int_equal(d.helper, -1);
	decoding_end(&d);
	close(ends[1]);
	arena_free(&cx.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(believes_no_helper),
		cmocka_unit_test(asks_no_dead_helper),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
