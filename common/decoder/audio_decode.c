/* audio_decode.c -- libav on bytes in memory, with everything it could overdo bounded.
 *
 * libav is a large parser of hostile input, so it gets as little freedom as
 * possible: the demuxer is the one of the sniffed container (never a probe,
 * which could pick a playlist or a script), only an allow-list of audio codecs
 * is opened, there is no protocol and no second file to open, streams are not
 * analysed ahead, and one thread decodes. What is left is a loop of packets
 * with bounds on packets, errors, samples, rates and channels, which looks at
 * the deadline each time round.
 *
 * That is not enough: libav has loops of its own that look at nothing (it compares each key of a
 * comment block with all before), and mistakes nobody knows yet. So it runs in a process that may
 * do next to nothing and is ended from outside (helper.h).
 *
 * This is the only file that knows libav. Everything it allocates hangs on
 * one struct, released by one defer, so every early return is clean. */
#include "audio_decode.h"

#include "../base/fatal.h"
#include "../domain/voice/stereo.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>

#define IO_BYTES 65536
/* Above the largest recording (16 MiB of base64) and all honest tables. */
#define ALLOCATION_MAX (32u << 20)
#define CHANNELS_MAX   8
#define RATE_MIN       4000
#define RATE_MAX       192000
/* 120 s in the shortest frames of any allowed codec (Opus, 2.5 ms) are 48 000 packets. */
#define PACKETS_MAX 100000u
/* Streams of an honest recording: one, or a camera's picture and sound. */
#define STREAMS_MAX 8u
/* Seconds in one frame are a damaged or hostile header. */
#define FRAME_SAMPLES_MAX (1 << 20)
/* Changes of rate or channels within a recording; each costs a new filter. */
#define RESTARTS_MAX 8u
#define SAMPLES_MIN  ((size_t)4 * PCM_RATE) /* first size of the buffer */

/* Names as libav's codec_whitelist wants them: decoders, not codecs. */
#define CODECS_ALLOWED \
	"pcm_u8,pcm_s16le,pcm_s24le,pcm_s32le,pcm_f32le,pcm_f64le,pcm_mulaw,pcm_alaw,opus,vorbis," \
	"mp3float,mp3,flac,aac,alac"

static const char *const demuxers[] = {
	[AUDIO_WAV] = "wav", [AUDIO_WEBM] = "matroska", [AUDIO_OGG] = "ogg",
	[AUDIO_MP3] = "mp3", [AUDIO_FLAC] = "flac",     [AUDIO_M4A] = "mov",
};

struct decoding {
	struct ctx      *cx;
	struct span      bytes;
	size_t           at; /* reading position in bytes */
	AVIOContext     *io;
	AVFormatContext *file;
	AVCodecContext  *codec;
	SwrContext      *resampler;
	AVPacket        *packet;
	AVFrame         *frame;
	int              stream;
	/* What the resampler was made for. */
	int      rate, channels, sample_format;
	unsigned restarts;
	unsigned packets, bad_packets;
	float   *samples; /* malloc'd: it grows */
	size_t   n, cap;
	/* Of these, so many are one channel's; the others are of so many in turn. */
	size_t folded;
	int    turns;
};

#define BAD_AUDIO(d, why) FAIL((d)->cx, ERR_AUDIO, why)
#define TOO_LONG(d)       FAIL((d)->cx, ERR_TOO_LARGE, "longer than %u s", AUDIO_SECONDS_MAX)

static void decoding_free(void *data)
{
	struct decoding *d = data;

	av_frame_free(&d->frame);
	av_packet_free(&d->packet);
	swr_free(&d->resampler);
	avcodec_free_context(&d->codec);
	avformat_close_input(&d->file);
	if (d->io)
		av_freep(&d->io->buffer);
	avio_context_free(&d->io);
	free(d->samples);
	d->samples = NULL;
}

static bool is_over(const struct decoding *d)
{
	return deadline_left_ms(d->cx->deadline) == 0 || ctx_cancelled(d->cx);
}

static struct err *check_time(struct decoding *d)
{
	if (ctx_cancelled(d->cx))
		FAIL(d->cx, ERR_CANCELLED, "cancelled while decoding");
	if (deadline_left_ms(d->cx->deadline) == 0)
		FAIL(d->cx, ERR_DEADLINE, "deadline passed while decoding");
	return NULL;
}

static int interrupt(void *data)
{
	return is_over(data);
}

static int read_bytes(void *data, uint8_t *out, int room)
{
	struct decoding *d = data;
	size_t           n = d->bytes.len - d->at;

	if (is_over(d))
		return AVERROR_EXIT;
	if (n == 0 || room <= 0)
		return AVERROR_EOF;
	if (n > (size_t)room)
		n = (size_t)room;
	memcpy(out, d->bytes.ptr + d->at, n);
	d->at += n;
	return (int)n;
}

static int64_t seek_bytes(void *data, int64_t offset, int whence)
{
	struct decoding *d = data;
	int64_t          from = 0;

	if (whence & AVSEEK_SIZE)
		return (int64_t)d->bytes.len;
	whence &= ~AVSEEK_FORCE;
	if (whence == SEEK_CUR)
		from = (int64_t)d->at;
	else if (whence == SEEK_END)
		from = (int64_t)d->bytes.len;
	if (__builtin_add_overflow(from, offset, &offset) || offset < 0 ||
	    offset > (int64_t)d->bytes.len)
		return AVERROR(EINVAL);
	d->at = (size_t)offset;
	return offset;
}

/* A container may point at other files; there are none. */
static int refuse_open(AVFormatContext *file, AVIOContext **io, const char *url, int flags,
                       AVDictionary **options)
{
	(void)file, (void)io, (void)url, (void)flags, (void)options;
	return AVERROR(EPERM);
}

/* libav writes to stderr by itself, and may quote a recording's tags. Its
 * containers may claim tables of any size: a 4 kB MP4 asked for 400 MB. */
static void tame_libav(void)
{
	av_log_set_level(AV_LOG_QUIET);
	av_max_alloc(ALLOCATION_MAX);
}

static struct err *open_memory(struct decoding *d)
{
	unsigned char *buffer = av_malloc(IO_BYTES);

	if (!buffer)
		fatal("out of memory: no buffer for a recording");
	d->io = avio_alloc_context(buffer, IO_BYTES, 0, d, read_bytes, NULL, seek_bytes);
	d->file = avformat_alloc_context();
	d->packet = av_packet_alloc();
	d->frame = av_frame_alloc();
	if (!d->io || !d->file || !d->packet || !d->frame)
		fatal("out of memory: no decoder for a recording");
	d->file->pb = d->io;
	d->file->flags |= AVFMT_FLAG_CUSTOM_IO;
	d->file->io_open = refuse_open;
	d->file->interrupt_callback = (AVIOInterruptCB){.callback = interrupt, .opaque = d};
	d->file->max_streams = STREAMS_MAX;
	d->file->probesize = IO_BYTES;
	d->file->codec_whitelist = av_strdup(CODECS_ALLOWED);
	d->file->protocol_whitelist = av_strdup("");
	return NULL;
}

/* Not av_find_best_stream(): that wants rates which only analysing ahead would tell. */
static int first_sound(const AVFormatContext *file)
{
	for (unsigned i = 0; i < file->nb_streams; i++)
		if (file->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_AUDIO)
			return (int)i;
	return -1;
}

static struct err *open_container(struct decoding *d, enum audio_format format)
{
	const AVInputFormat *demuxer = av_find_input_format(demuxers[format]);

	if (!demuxer) /* audio_decode_check() knows better */
		BAD_AUDIO(d, "the container is not known");
	d->file->format_whitelist = av_strdup(demuxer->name);
	/* Frees d->file itself when it fails. */
	if (avformat_open_input(&d->file, NULL, demuxer, NULL) < 0) {
		TRY(check_time(d));
		BAD_AUDIO(d, "the header can not be read");
	}
	d->stream = first_sound(d->file);
	if (d->stream < 0)
		BAD_AUDIO(d, "there is no sound in it");
	for (unsigned i = 0; i < d->file->nb_streams; i++)
		if ((int)i != d->stream)
			d->file->streams[i]->discard = AVDISCARD_ALL;
	return NULL;
}

/* 0 stands for "the first frame will tell". */
static bool is_sane(int rate, int channels)
{
	return (rate == 0 || (rate >= RATE_MIN && rate <= RATE_MAX)) && channels >= 0 &&
	       channels <= CHANNELS_MAX;
}

static struct err *open_codec(struct decoding *d)
{
	const AVCodecParameters *told = d->file->streams[d->stream]->codecpar;
	const AVCodec           *decoder = avcodec_find_decoder(told->codec_id);

	if (!decoder)
		BAD_AUDIO(d, "the codec is not known");
	if (!is_sane(told->sample_rate, told->ch_layout.nb_channels))
		BAD_AUDIO(d, "sample rate or number of channels out of range");
	d->codec = avcodec_alloc_context3(decoder);
	if (!d->codec)
		fatal("out of memory: no decoder for a recording");
	if (avcodec_parameters_to_context(d->codec, told) < 0)
		BAD_AUDIO(d, "the codec's parameters make no sense");
	d->codec->thread_count = 1;
	d->codec->max_samples = FRAME_SAMPLES_MAX;
	d->codec->pkt_timebase = d->file->streams[d->stream]->time_base;
	d->codec->codec_whitelist = av_strdup(CODECS_ALLOWED);
	if (avcodec_open2(d->codec, decoder, NULL) < 0)
		BAD_AUDIO(d, "the codec is not allowed or its header is damaged");
	return NULL;
}

static size_t frames_of(const struct decoding *d)
{
	return d->folded + (d->n - d->folded) / (size_t)(d->turns ? d->turns : 1);
}

/* What came since the last time becomes one channel. */
static void fold(struct decoding *d)
{
	size_t n = frames_of(d);

	if (d->turns == 2)
		stereo_fold(d->samples + d->folded, n - d->folded);
	d->folded = d->n = n;
}

static struct err *make_room(struct decoding *d, size_t more)
{
	size_t need = d->n + more;
	size_t cap = d->cap ? d->cap : SAMPLES_MIN;

	if (need <= d->cap)
		return NULL;
	if (frames_of(d) > AUDIO_SAMPLES_MAX)
		TOO_LONG(d);
	while (cap < need)
		cap *= 2;
	d->samples = realloc(d->samples, cap * sizeof(*d->samples));
	if (!d->samples)
		fatal("out of memory: %zu samples wanted", cap);
	d->cap = cap;
	return NULL;
}

/* The frame's samples, one run per channel or all in one. */
static void planes_of(const AVFrame *frame, const uint8_t *planes[CHANNELS_MAX])
{
	int n = av_sample_fmt_is_planar(frame->format) ? frame->ch_layout.nb_channels : 1;

	for (int i = 0; i < n && i < CHANNELS_MAX; i++)
		planes[i] = frame->extended_data[i];
}

/* Resamples one frame, or with NULL what the filter still holds. */
static struct err *take_samples(struct decoding *d, const AVFrame *frame)
{
	const uint8_t *planes[CHANNELS_MAX] = {NULL};
	int            room, made;
	uint8_t       *out;

	if (!d->resampler)
		return NULL;
	room = swr_get_out_samples(d->resampler, frame ? frame->nb_samples : 0);
	if (room <= 0)
		return NULL;
	TRY(make_room(d, (size_t)room * (size_t)d->turns));
	out = (uint8_t *)(d->samples + d->n);
	if (frame)
		planes_of(frame, planes);
	made =
		swr_convert(d->resampler, &out, room, frame ? planes : NULL, frame ? frame->nb_samples : 0);
	if (made < 0)
		BAD_AUDIO(d, "the samples can not be converted");
	d->n += (size_t)made * (size_t)d->turns;
	if (frames_of(d) > AUDIO_SAMPLES_MAX)
		TOO_LONG(d);
	return NULL;
}

/* The channels' places, or the usual ones when the file does not say. */
static bool layout_of(const AVFrame *frame, AVChannelLayout *out)
{
	if (frame->ch_layout.order == AV_CHANNEL_ORDER_NATIVE)
		return av_channel_layout_copy(out, &frame->ch_layout) == 0;
	av_channel_layout_default(out, frame->ch_layout.nb_channels);
	return out->order == AV_CHANNEL_ORDER_NATIVE;
}

static struct err *start_resampler(struct decoding *d, const AVFrame *frame)
{
	AVChannelLayout layouts[] = {AV_CHANNEL_LAYOUT_MONO, AV_CHANNEL_LAYOUT_STEREO};
	AVChannelLayout from = {0};
	bool            is_mono = frame->ch_layout.nb_channels == 1, ok;

	if (frame->sample_rate == 0 || !is_sane(frame->sample_rate, frame->ch_layout.nb_channels))
		BAD_AUDIO(d, "sample rate or number of channels out of range");
	if (d->resampler && ++d->restarts > RESTARTS_MAX)
		BAD_AUDIO(d, "rate or channels change too often");
	TRY(take_samples(d, NULL));
	fold(d);
	swr_free(&d->resampler);
	d->turns = is_mono ? 1 : 2;
	ok = layout_of(frame, &from) &&
	     swr_alloc_set_opts2(&d->resampler, &layouts[!is_mono], AV_SAMPLE_FMT_FLT, (int)PCM_RATE,
	                         &from, frame->format, frame->sample_rate, 0, NULL) == 0 &&
	     /* Two loud channels must not add up beyond full scale. */
	     av_opt_set_double(d->resampler, "rematrix_maxval", 1.0, 0) == 0 &&
	     swr_init(d->resampler) == 0;
	av_channel_layout_uninit(&from);
	if (!ok)
		BAD_AUDIO(d, "the samples can not be converted");
	d->rate = frame->sample_rate;
	d->channels = frame->ch_layout.nb_channels;
	d->sample_format = frame->format;
	return NULL;
}

static struct err *take_frame(struct decoding *d)
{
	const AVFrame *f = d->frame;

	if (f->nb_samples <= 0)
		return NULL;
	if (!d->resampler || f->sample_rate != d->rate || f->format != d->sample_format ||
	    f->ch_layout.nb_channels != d->channels)
		TRY(start_resampler(d, f));
	return take_samples(d, f);
}

/* Frames that the decoder has ready; a packet holds a bounded number of them. */
static struct err *take_frames(struct decoding *d)
{
	while (avcodec_receive_frame(d->codec, d->frame) == 0) {
		struct err *e = take_frame(d);

		av_frame_unref(d->frame);
		TRY(e);
		TRY(check_time(d));
	}
	return NULL;
}

static struct err *take_packet(struct decoding *d)
{
	if (d->packet->stream_index != d->stream)
		return NULL;
	/* One damaged packet is a click; the rest may still be understood. */
	if (avcodec_send_packet(d->codec, d->packet) < 0) {
		d->bad_packets++;
		return NULL;
	}
	return take_frames(d);
}

static struct err *decode_packets(struct decoding *d)
{
	while (d->packets < PACKETS_MAX && av_read_frame(d->file, d->packet) >= 0) {
		struct err *e = take_packet(d);

		d->packets++;
		av_packet_unref(d->packet);
		TRY(e);
		TRY(check_time(d));
	}
	TRY(check_time(d));
	if (d->packets == PACKETS_MAX)
		BAD_AUDIO(d, "too many packets");
	/* Asks for what the decoder holds back; it can only refuse when it holds nothing. */
	(void)avcodec_send_packet(d->codec, NULL);
	TRY(take_frames(d));
	TRY(take_samples(d, NULL));
	fold(d);
	return NULL;
}

/* Float recordings may hold anything; the filters behind us expect a wave. */
static void make_finite(float *samples, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!isfinite(samples[i]))
			samples[i] = 0;
		else if (samples[i] > 1)
			samples[i] = 1;
		else if (samples[i] < -1)
			samples[i] = -1;
	}
}

void audio_decode_check(void)
{
	for (enum audio_format format = AUDIO_WAV; format < COUNT(demuxers); format++)
		if (!av_find_input_format(demuxers[format]))
			fatal("libav lacks the demuxer %s", demuxers[format]);
}

struct err *audio_decode(struct ctx *cx, struct span bytes, enum audio_format format,
                         struct pcm *out)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct decoding      *d = NEW(cx->arena, struct decoding);

	d->cx = cx;
	d->bytes = bytes;
	pthread_once(&once, tame_libav);
	if (format == AUDIO_UNKNOWN)
		BAD_AUDIO(d, "not a known audio format");
	arena_defer(cx->arena, decoding_free, d);
	TRY(open_memory(d));
	TRY(open_container(d, format));
	TRY(open_codec(d));
	TRY(decode_packets(d));
	if (d->bad_packets > d->packets / 2)
		BAD_AUDIO(d, "most of it is damaged");
	if (d->n == 0)
		BAD_AUDIO(d, "there is not one sample in it");
	make_finite(d->samples, d->n);
	*out = (struct pcm){d->samples, d->n};
	return NULL;
}
