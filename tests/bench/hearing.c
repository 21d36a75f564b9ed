/* hearing.c -- how many words of spoken prompts the local recogniser gets wrong, and what it costs.
 *
 * hearing FOLDER < LIST: lines of a name and, behind a tab, the words. The recordings are raw G.722
 * at 16 kHz, as Debian's asterisk-core-sounds-en-g722 has them: FOLDER/NAME.g722, where a folder in
 * the name may be written with "_". Prints what was heard wrong, and then the sums. */
#include "../../common/base/str.h"
#include "../../common/engines/engines.h"
#include "../../common/engines/hearing.h"
#include "../unit/word_errors.h"

#include <libavcodec/avcodec.h>
#include <stdio.h>
#include <time.h>

#define FILE_MAX  (2u << 20)
#define LINE_MAX_ 4096
#define PATIENCE  600000u

struct sums {
	size_t recordings, words, wrong;
	double seconds, cpu_seconds;
};

static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* NAME, or the one with a folder in front: "followme_sorry" is followme/sorry. */
static FILE *open_prompt(struct arena *a, const char *folder, const char *name)
{
	char *path = arena_printf(a, "%s/%s.g722", folder, name);
	char *mark = strchr(path + strlen(folder), '_');
	FILE *file = fopen(path, "rb");

	if (!file && mark) {
		*mark = '/';
		file = fopen(path, "rb");
	}
	return file;
}

static struct pcm decode(struct arena *a, FILE *file)
{
	const AVCodec  *decoder = avcodec_find_decoder(AV_CODEC_ID_ADPCM_G722);
	AVCodecContext *codec = avcodec_alloc_context3(decoder);
	AVPacket       *packet = av_packet_alloc();
	AVFrame        *frame = av_frame_alloc();
	struct pcm      pcm = {0};
	float          *samples;

	av_channel_layout_default(&codec->ch_layout, 1);
	codec->sample_rate = (int)PCM_RATE;
	if (avcodec_open2(codec, decoder, NULL) < 0 || av_new_packet(packet, FILE_MAX) < 0)
		abort();
	packet->size = (int)fread(packet->data, 1, FILE_MAX, file);
	if (avcodec_send_packet(codec, packet) == 0 && avcodec_receive_frame(codec, frame) == 0) {
		const int16_t *from = (const int16_t *)(const void *)frame->data[0];

		pcm.n = (size_t)frame->nb_samples;
		samples = NEW_ARRAY(a, float, pcm.n);
		for (size_t i = 0; i < pcm.n; i++)
			samples[i] = (float)from[i] / 32768;
		pcm.samples = samples;
	}
	av_frame_free(&frame);
	av_packet_free(&packet);
	avcodec_free_context(&codec);
	return pcm;
}

/* NULL: the recogniser failed. */
static const char *hear_prompt(struct ctx *cx, struct pcm pcm, struct sums *sums)
{
	double           start = cpu_seconds();
	struct sound     sound = sound_measure(cx->arena, pcm);
	struct recording in = {.pcm = pcm};
	struct heard     heard;

	if (whisper_stt.transcribe(cx, &in, &heard))
		return NULL;
	sums->cpu_seconds += cpu_seconds() - start;
	sums->seconds += (double)pcm.n / PCM_RATE;
	return speech_judge(cx->arena, &sound, heard.segments, heard.n).text;
}

static bool add_prompt(struct ctx *cx, const char *folder, const char *name, const char *said,
                       struct sums *sums)
{
	const char *wanted[WORDS_MAX], *got[WORDS_MAX], *text;
	FILE       *file = open_prompt(cx->arena, folder, name);
	size_t      n, wrong;

	if (!file) {
		fprintf(stderr, "there is no %s in %s\n", name, folder);
		return false;
	}
	text = hear_prompt(cx, decode(cx->arena, file), sums);
	fclose(file);
	if (!text) {
		fprintf(stderr, "%s was not heard\n", name);
		return false;
	}
	n = split_words(cx->arena, said, wanted);
	wrong = errors_between(wanted, n, got, split_words(cx->arena, text, got));
	if (wrong)
		printf("%2zu of %2zu  %s: %s\n", wrong, n, name, text);
	sums->recordings++;
	sums->words += n;
	sums->wrong += wrong;
	return true;
}

static bool add_line(const char *folder, char *line, struct sums *sums)
{
	struct ctx cx = {.arena = arena_new(FILE_MAX), .deadline = deadline_in(PATIENCE)};
	char      *tab = strchr(line, '\t');
	bool       ok = false;

	line[strcspn(line, "\n")] = '\0';
	if (tab) {
		*tab = '\0';
		ok = add_prompt(&cx, folder, line, tab + 1, sums);
	}
	arena_free(&cx.arena);
	return ok;
}

int main(int argc, char **argv)
{
	const struct cfg_group *groups[] = {whisper_stt.p.settings};
	struct sums             sums = {0};
	char                    line[LINE_MAX_];

	if (argc != 2 || cfg_load(groups, 1) != 0 || !whisper_stt.p.start()) {
		fprintf(stderr, "usage: hearing FOLDER < LIST; the recogniser's weights are needed\n");
		return 2;
	}
	while (fgets(line, sizeof(line), stdin))
		if (!add_line(argv[1], line, &sums))
			return 1;
	whisper_stt.p.stop();
	if (!sums.words)
		return 1;
	printf("%zu recordings, %zu of %zu words wrong: %.1f %%; processor %.2f s a recording, "
	       "%.2f s a second of sound\n",
	       sums.recordings, sums.wrong, sums.words, 100.0 * (double)sums.wrong / (double)sums.words,
	       sums.cpu_seconds / (double)sums.recordings, sums.cpu_seconds / sums.seconds);
	return 0;
}
