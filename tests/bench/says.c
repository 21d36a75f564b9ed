/* says.c -- the shapes of Groq's, ElevenLabs' and OpenAI's answers. */
#include "says.h"

#include "../../common/base/base64.h"

#include <assert.h>
#include <math.h>

#define TAG          "zq"
#define DIMS         1536u
#define TEXTS_MAX    64u
#define MS_PER_CHAR  60u
#define AUDIO_RATE   44100u
#define AUDIO_MS_MAX 120000u
/* 144 * 128 000 / 44 100: so many whole bytes, and so many 44 100ths owed for each frame. */
#define FRAME_BYTES   417u
#define FRAME_OWED    42300u
#define FRAME_SAMPLES 1152u

static const char *const words[] = {
	"that",  "sounds", "like",  "a",      "good",  "place",  "to",    "begin", "with",  "what",
	"would", "you",    "want",  "from",   "it",    "first",  "tell",  "me",    "more",  "about",
	"your",  "plan",   "and",   "who",    "might", "help",   "there", "we",    "could", "look",
	"at",    "small",  "steps", "before", "large", "ones",   "since", "time",  "is",    "short",
	"for",   "most",   "teams", "then",   "share", "notes",  "each",  "week",  "so",    "nobody",
	"has",   "wait",   "long",  "here",   "while", "others", "learn", "where", "this",  "leads",
};

static uint64_t mixed(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9u;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

/* Token n of a reply: a word with its blank. */
static void write_token(struct bytes *out, const struct reply *reply, unsigned n)
{
	const char *word = words[mixed(reply->number * 131 + n) % COUNT(words)];
	unsigned    each = reply->tokens / reply->sentences, place = n % each;
	bool        is_rest = n / each >= reply->sentences; /* what is left over ends the last one */
	bool        is_first = place == 0 && !is_rest;
	bool is_last = n + 1 == reply->tokens || (place + 1 == each && n / each + 1 < reply->sentences);

	if (place == 1 && !is_rest && reply->tag.len)
		bytes_printf(out, " %.*s%s", (int)reply->tag.len, reply->tag.ptr, is_last ? "." : "");
	else
		bytes_printf(out, "%s%c%s%s", n ? " " : "", is_first ? word[0] - 32 : word[0], word + 1,
		             is_last ? "." : "");
}

const char *find(struct span in, const char *what)
{
	return memmem(in.ptr, in.len, what, strlen(what));
}

struct span tag_in(struct span request)
{
	struct span tag = {NULL, 0};
	const char *end = request.ptr + request.len, *at;

	while ((at = find((struct span){request.ptr, (size_t)(end - request.ptr)}, TAG)) != NULL) {
		tag = (struct span){at, strlen(TAG)};
		while (at + tag.len < end && at[tag.len] >= 'a' && at[tag.len] <= 'z')
			tag.len++;
		request.ptr = at + tag.len;
	}
	return tag;
}

static void say_head(struct bytes *out, const char *type, size_t len)
{
	bytes_printf(out, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n", type,
	             len);
}

void say_json(struct bytes *out, const struct bytes *body)
{
	say_head(out, "application/json", body->len);
	bytes_add(out, body->ptr, body->len);
}

void say_not_found(struct bytes *out)
{
	bytes_printf(out, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
}

/* ---- streamed ---- */

/* An event's beginning and end; between them stands what its delta holds. */
static void begin_event(struct bytes *event, uint64_t number)
{
	event->len = 0;
	bytes_printf(event,
	             "data: {\"id\":\"chatcmpl-%llu\",\"object\":\"chat.completion.chunk\","
	             "\"created\":1764200000,\"model\":\"llama-3.3-70b-versatile\","
	             "\"system_fingerprint\":\"fp_bench\",\"choices\":[{\"index\":0,\"delta\":{",
	             (unsigned long long)number);
}

static void end_delta(struct bytes *event, const char *finish)
{
	bytes_printf(event, "},\"logprobs\":null,\"finish_reason\":%s}]", finish);
}

static void send_event(struct bytes *out, struct bytes *event)
{
	bytes_printf(event, "}\n\n");
	bytes_printf(out, "%zx\r\n", event->len);
	bytes_add(out, event->ptr, event->len);
	bytes_add(out, "\r\n", 2);
}

void say_stream_begin(struct bytes *out, const struct reply *reply)
{
	static struct bytes event;

	bytes_printf(out, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
	                  "Transfer-Encoding: chunked\r\n\r\n");
	begin_event(&event, reply->number);
	bytes_printf(&event, "\"role\":\"assistant\",\"content\":\"\"");
	end_delta(&event, "null");
	bytes_printf(&event, ",\"x_groq\":{\"id\":\"req_bench\"}");
	send_event(out, &event);
}

void say_stream_token(struct bytes *out, const struct reply *reply, unsigned n)
{
	static struct bytes event;

	begin_event(&event, reply->number);
	bytes_printf(&event, "\"content\":\"");
	write_token(&event, reply, n);
	bytes_printf(&event, "\"");
	end_delta(&event, "null");
	send_event(out, &event);
}

void say_stream_end(struct bytes *out, const struct reply *reply)
{
	static struct bytes event;

	begin_event(&event, reply->number);
	end_delta(&event, "\"stop\"");
	bytes_printf(&event,
	             ",\"x_groq\":{\"id\":\"req_bench\",\"usage\":{\"prompt_tokens\":500,"
	             "\"completion_tokens\":%u,\"total_tokens\":%u}}",
	             reply->tokens, 500 + reply->tokens);
	send_event(out, &event);
	bytes_printf(out, "e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n");
}

/* ---- a forced call ---- */

struct call {
	const char *name, *arguments;
};

static const struct call summary = {
	"save_summary",
	"{\\\"executive_summary\\\":\\\"They talked about plans and small steps.\\\","
	"\\\"themes\\\":[\\\"plans\\\"],\\\"action_items\\\":[]}",
};
static const struct call extract = {
	"save_extract",
	"{\\\"intent\\\":\\\"consulting_inquiry\\\",\\\"confidence\\\":0.8,\\\"entities\\\":{"
	"\\\"use_case\\\":\\\"small steps\\\"},\\\"followup_actions\\\":[\\\"send_notes\\\"]}",
};

void say_call(struct bytes *out, uint64_t number, struct span request)
{
	static struct bytes body;
	bool                is_summary = find(request, "\"function\":{\"name\":\"save_summary\"");
	const struct call  *call = is_summary ? &summary : &extract;

	body.len = 0;
	bytes_printf(&body,
	             "{\"id\":\"chatcmpl-%llu\",\"object\":\"chat.completion\",\"created\":1764200000,"
	             "\"model\":\"llama-3.3-70b-versatile\",\"choices\":[{\"index\":0,\"message\":{"
	             "\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"call_0\","
	             "\"type\":\"function\",\"function\":{\"name\":\"%s\",\"arguments\":\"%s\"}}]},"
	             "\"logprobs\":null,\"finish_reason\":\"tool_calls\"}],\"usage\":{"
	             "\"prompt_tokens\":500,\"completion_tokens\":60,\"total_tokens\":560}}",
	             (unsigned long long)number, call->name, call->arguments);
	say_json(out, &body);
}

/* ---- speech ---- */

static struct bytes audio;

/* The longest speech there is; every other is its beginning. An all-zero side information is a
 * frame of silence. */
static void make_audio(void)
{
	static const char nothing[FRAME_BYTES + 1];
	unsigned          frames = AUDIO_MS_MAX / 1000 * AUDIO_RATE / FRAME_SAMPLES, owed = 0;

	for (unsigned i = 0; i < frames; i++) {
		unsigned char frame[4] = {0xff, 0xfb, 0x90, 0xc4}; /* MPEG 1, layer III, 128, mono */

		owed += FRAME_OWED;
		if (owed >= AUDIO_RATE)
			frame[2] |= 2; /* padded */
		bytes_add(&audio, frame, sizeof(frame));
		bytes_add(&audio, nothing, FRAME_BYTES - sizeof(frame) + (owed >= AUDIO_RATE));
		owed -= owed >= AUDIO_RATE ? AUDIO_RATE : 0;
	}
}

/* The end of a JSON string that begins here. */
static const char *string_end(const char *at, const char *end)
{
	while (at < end && *at != '"')
		at += *at == '\\' ? 2 : 1;
	return at < end ? at : end;
}

struct span say_speech(struct bytes *out, struct span request)
{
	static const char name[] = "\"text\":\"";
	const char       *at = find(request, name), *end = request.ptr + request.len;
	size_t            chars, frames, len;

	if (!audio.len)
		make_audio();
	at = at ? at + strlen(name) : end;
	chars = (size_t)(string_end(at, end) - at);
	frames = chars * MS_PER_CHAR * AUDIO_RATE / 1000 / FRAME_SAMPLES + 1;
	len = frames * FRAME_BYTES + frames * FRAME_OWED / AUDIO_RATE;
	if (len > audio.len)
		len = audio.len;
	say_head(out, "audio/mpeg", len);
	return (struct span){audio.ptr, len};
}

/* ---- embeddings ---- */

static bool is_letter(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c & 0x80);
}

/* A direction that follows from the word, of ones and minus ones. */
static void add_word(float vector[DIMS], uint64_t hash)
{
	for (unsigned i = 0; i < DIMS / 64; i++) {
		uint64_t bits = mixed(hash + i);

		for (unsigned bit = 0; bit < 64; bit++)
			vector[i * 64 + bit] += (float)((int)(bits >> bit & 1) * 2 - 1);
	}
}

static void embed_words(const char *at, const char *end, float vector[DIMS])
{
	const uint64_t offset = 0xcbf29ce484222325u, prime = 0x100000001b3u;
	uint64_t       hash = offset;

	memset(vector, 0, DIMS * sizeof(*vector));
	vector[0] = 0.001f; /* no words have a direction too */
	for (; at <= end; at++) {
		char c = at < end ? (char)(*at | (*at >= 'A' && *at <= 'Z' ? 32 : 0)) : ' ';

		if (is_letter(c)) {
			hash = (hash ^ (unsigned char)c) * prime;
			continue;
		}
		if (hash != offset)
			add_word(vector, hash);
		hash = offset;
		at += c == '\\' && at < end; /* the letter of an escape is none */
	}
}

static void say_vector(struct bytes *body, unsigned index, const char *from, const char *end)
{
	static float vector[DIMS];
	static char  encoded[BASE64_ENCODED_BYTES(sizeof(vector))];
	float        square = 0;

	embed_words(from, end, vector);
	for (unsigned i = 0; i < DIMS; i++)
		square += vector[i] * vector[i];
	for (unsigned i = 0; i < DIMS; i++)
		vector[i] /= sqrtf(square);
	base64_encode(vector, sizeof(vector), encoded);
	bytes_printf(body, "%s{\"object\":\"embedding\",\"index\":%u,\"embedding\":\"",
	             index ? "," : "", index);
	bytes_add(body, encoded, sizeof(encoded));
	bytes_printf(body, "\"}");
}

unsigned say_embeddings(struct bytes *out, struct span request)
{
	static struct bytes body;
	const char         *end = request.ptr + request.len, *at = find(request, "\"input\":");
	unsigned            n = 0;

	body.len = 0;
	bytes_printf(&body, "{\"object\":\"list\",\"model\":\"text-embedding-3-small\",\"data\":[");
	at = at ? at + strlen("\"input\":") : end;
	while (at < end && *at != ']' && n < TEXTS_MAX) {
		const char *text = memchr(at, '"', (size_t)(end - at));
		const char *behind = text ? string_end(text + 1, end) : end;

		if (!text)
			break;
		say_vector(&body, n++, text + 1, behind);
		at = behind + (behind < end);
	}
	bytes_printf(&body, "],\"usage\":{\"prompt_tokens\":%u,\"total_tokens\":%u}}", n, n);
	say_json(out, &body);
	return n;
}
