/* fuzz_decoding.c -- whatever a decoder sends back, samples are a wave within bounds, or refused.
 *
 * The first byte tells how long the decoder's packet is, which follows, how many descriptors come
 * along, and whether it comes twice; the rest is what it wrote into the file for samples. */
#include "../../common/base/log.h"
#include "../../common/engines/decoding.h"
#include "fuzz.h"

#include <assert.h>
#include <sys/socket.h>
#include <unistd.h>

#define PACKET_MAX 16
#define KINDS      (PACKET_MAX + 1)

static void quieten(void)
{
	log_setup("fuzz", LOG_ERROR);
}

static void play_helper(int socket, int samples, const uint8_t *bytes, size_t len)
{
	size_t        packet = len ? bytes[0] % KINDS : 0;
	size_t        files_n = len ? bytes[0] / KINDS % (ERRAND_FILES + 1) : 0;
	int           files[ERRAND_FILES] = {STDERR_FILENO, STDERR_FILENO};
	struct errand errand;

	/* Unread, it would make a reset of the end. */
	assert(recv(socket, &errand, sizeof(errand), 0) == sizeof(errand));
	packet = packet < len ? packet : len ? len - 1 : 0;
	for (int i = 0; packet && i <= bytes[0] / KINDS / (ERRAND_FILES + 1) % 2; i++)
		assert(errand_send(socket, (struct span){(const char *)bytes + 1, packet}, files, files_n));
	if (len > packet + 1)
		assert(pwrite(samples, bytes + 1 + packet, len - packet - 1, 0) > 0);
}

static void check_samples(struct pcm pcm)
{
	assert(pcm.n > 0 && pcm.n <= AUDIO_SAMPLES_MAX);
	for (size_t i = 0; i < pcm.n; i++)
		assert(pcm.samples[i] >= -1 && pcm.samples[i] <= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static bool     is_quiet;
	struct ctx      cx = fuzz_begin();
	struct decoding d = DECODING;
	struct pcm      pcm;
	int             ends[2], lowest = dup(STDERR_FILENO);
	enum loss       loss;
	struct err     *e;

	if (!is_quiet)
		quieten();
	is_quiet = true;
	close(lowest);
	assert(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
	d.helper = ends[0];
	e = decoding_pack(&cx, &d, SPAN("RIFF"), AUDIO_WAV);
	assert(!e && decoding_send(&d));
	play_helper(ends[1], d.files[ERRAND_SAMPLES], bytes, len);
	close(ends[1]);
	e = decoding_receive(&cx, &d, DEADLINE_NEVER, &loss, &pcm);
	if (!e)
		check_samples(pcm);
	assert(!e || e->kind == ERR_AUDIO || (e->kind == ERR_TOO_LARGE && !loss));
	decoding_end(&d);
	assert(dup(STDERR_FILENO) == lowest); /* nothing of it stays open */
	close(lowest);
	return fuzz_end(&cx);
}
