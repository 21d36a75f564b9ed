/* test_cloud_engines.c -- what Groq, OpenAI and ElevenLabs are sent, byte by byte, and what is made
 * of their answers. */
#include "../../common/base/json_in.h"
#include "../../common/base/log.h"
#include "../../common/base/str.h"
#include "../../common/domain/voice/mp3.h"
#include "../../common/call/http_client.h"
#include "../../common/engines/engines.h"
#include "fake_http.h"
#include "heard_parts.h"
#include "unit.h"

static struct fake_http *server;

/* The server answers with this body from now on. Its bytes outlive every test: the
 * server may still be in the call that sent the last of them. */
static void answer_with(const char *type, struct span body)
{
	static char answer[1 << 20];
	size_t      n = (size_t)snprintf(answer, 256,
	                                 "HTTP/1.1 200 OK\r\nContent-Type: %s\r\n"
	                                      "Content-Length: %zu\r\n\r\n",
	                                 type, body.len);

	memcpy(answer + n, body.ptr, body.len);
	server->answer_len = n + body.len;
	server->answer = answer;
}

static const char *sent_body(void)
{
	return strstr(server->request, "\r\n\r\n") + 4;
}

static void assert_sent(const char *text)
{
	if (!strcasestr(server->request, text))
		fail_msg("not sent: %s\nbut: %s", text, server->request);
}

static const struct chat_message messages[] = {{CHAT_SYSTEM, "Be brief."},
                                               {CHAT_USER, "Say \"hi\""}};

static void groq_streams_chat(void **state)
{
	struct chat_order order = {.messages = messages, .n = 2, .temperature = 0.5, .max_tokens = 99};
	struct chat_reply reply;

	answer_with("text/event-stream", SPAN("data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"},"
	                                      "\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"));
	assert_ok(llm_complete(&groq_llm.p, *state, &order, &reply));
	assert_string_equal(reply.text, "Hi");
	assert_string_equal(reply.model, "llama-3.3-70b-versatile");
	assert_true(reply.first_token_ms > 0);
	assert_sent("POST /openai/v1/chat/completions HTTP/1.1\r\n");
	assert_sent("Authorization: Bearer groq-key\r\n");
	assert_string_equal(sent_body(),
	                    "{\"messages\":[{\"role\":\"system\",\"content\":\"Be brief.\"},"
	                    "{\"role\":\"user\",\"content\":\"Say \\\"hi\\\"\"}],"
	                    "\"model\":\"llama-3.3-70b-versatile\",\"temperature\":0.5,"
	                    "\"max_completion_tokens\":99,\"stream\":true}");
}

/* Without effort and room they think until the tokens are spent, and say nothing. */
static void models_that_reason_get_room(void **state)
{
	struct chat_order order = {.messages = messages,
	                           .n = 1,
	                           .temperature = 0.5,
	                           .max_tokens = 220,
	                           .model = "openai/gpt-oss-20b"};
	struct chat_reply reply;

	answer_with("text/event-stream", SPAN("data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"},"
	                                      "\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"));
	assert_ok(llm_complete(&groq_llm.p, *state, &order, &reply));
	assert_sent("\"model\":\"openai/gpt-oss-20b\",\"temperature\":0.5,"
	            "\"reasoning_effort\":\"low\",\"max_completion_tokens\":732,");
}

#define THOUGHT "\"I plan what to say, and how.\"" /* 7 tokens; of "Hi" there are 5 */
#define HI      ",\"content\":\"Hi\"}"
#define PART_HI "{\"type\":\"text\",\"text\":\"Hi\"}"

/* Of a server that does not tell, whether it streams or not. */
static void what_is_thought_is_paid_for(void **state)
{
	static const char *const messages_with[] = {
		"{\"content\":\"<think>I plan what to say, and how.</think>Hi\"}",
		"{\"reasoning\":" THOUGHT                                   HI,
		"{\"reasoning\":" THOUGHT ",\"reasoning_content\":" THOUGHT HI,
		"{\"reasoning_content\":" THOUGHT                           HI,
		"{\"content\":[{\"thinking\":" THOUGHT "}," PART_HI "]}",
		"{\"content\":[{\"thinking\":[{\"text\":" THOUGHT "}]}," PART_HI "]}",
	};
	struct chat_order order = {.messages = messages, .n = 2, .max_tokens = 99};
	struct chat_reply reply;

	for (size_t i = 0; i < 2 * COUNT(messages_with); i++) {
		const char *body = arena_printf(((struct ctx *)*state)->arena,
		                                i % 2 ? "data: {\"choices\":[{\"delta\":%s}]}\n\n"
		                                        "data: [DONE]\n\n"
		                                      : "{\"choices\":[{\"message\":%s}]}",
		                                messages_with[i / 2]);

		answer_with(i % 2 ? "text/event-stream" : "application/json", span_of(body));
		assert_ok(llm_complete(&groq_llm.p, *state, &order, &reply));
		assert_in_range(reply.usage.completion_tokens, 5 + 7, 5 + 7 + 4);
	}
}

/* What one takes another refuses, and the reply is another engine's then. */
static void models_are_asked_for_what_they_know(void **state)
{
	static const struct {
		const char *model, *asked;
	} cases[] = {
		{"gpt-5-mini", "\"reasoning_effort\":\"minimal\",\"max_tokens\":732,"},
		{"gpt-5-chat-latest", "\"temperature\":0.5,\"max_tokens\":220,"},
		{"gpt-5.1", "\"reasoning_effort\":\"none\",\"max_tokens\":732,"},
		{"gpt-5.1-chat-latest", "\"max_tokens\":732,"},
		{"o1", "\"reasoning_effort\":\"low\",\"max_tokens\":732,"},
		{"o1-mini", "\"max_tokens\":732,"},
		{"o3-mini", "\"reasoning_effort\":\"low\",\"max_tokens\":732,"},
	};
	struct ctx       *cx = *state;
	struct chat_order order = {.messages = messages, .n = 1, .temperature = 0.5, .max_tokens = 220};
	struct chat_reply reply;

	for (size_t i = 0; i < COUNT(cases); i++) {
		order.model = cases[i].model;
		answer_with("text/event-stream", SPAN("data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"},"
		                                      "\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"));
		assert_ok(llm_complete(&openai_llm.p, cx, &order, &reply));
		assert_sent(arena_printf(cx->arena, "\"model\":\"%s\",%s", cases[i].model, cases[i].asked));
	}
}

static void openai_forces_a_call_without_a_key(void **state)
{
	struct chat_order order = {.messages = messages,
	                           .n = 1,
	                           .temperature = 0,
	                           .max_tokens = 50,
	                           .model = "not-listed",
	                           .schema_name = "f",
	                           .schema = SPAN("{\"type\":\"object\"}")};
	struct chat_reply reply;

	answer_with("application/json",
	            SPAN("{\"model\":\"own\",\"choices\":[{\"message\":{\"content\":null,"
	                 "\"tool_calls\":[{\"function\":{\"name\":\"f\","
	                 "\"arguments\":\"{\\\"a\\\":1}\"}}]}}]}"));
	assert_ok(llm_complete(&openai_llm.p, *state, &order, &reply));
	assert_string_equal(reply.text, "{\"a\":1}");
	assert_string_equal(reply.model, "own");
	assert_null(strcasestr(server->request, "Authorization"));
	assert_sent("POST /v1/chat/completions HTTP/1.1\r\n");
	assert_string_equal(sent_body(),
	                    "{\"messages\":[{\"role\":\"system\",\"content\":\"Be brief.\"}],"
	                    "\"model\":\"gpt-4o-mini\",\"temperature\":0,\"max_tokens\":50,"
	                    "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\","
	                    "\"parameters\":{\"type\":\"object\"}}}],"
	                    "\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"f\"}}}");
}

static void a_request_over_its_maximum_is_not_sent(void **state)
{
	struct ctx         *cx = *state;
	char               *text = arena_alloc(cx->arena, (5 << 20) + 1);
	struct chat_message long_one[] = {{CHAT_SYSTEM, "Be brief."}, {CHAT_USER, text}};
	struct chat_order   order = {.messages = long_one, .n = 2};
	struct chat_reply   reply;
	int                 before = server->requests;

	memset(text, 'x', 5 << 20);
	assert_err(llm_complete(&groq_llm.p, cx, &order, &reply), ERR_INTERNAL);
	assert_int_equal(server->requests, before);
}

static void groq_hears(void **state)
{
	static const float samples[16000];
	struct recording   in = {.bytes = SPAN("RIFF as the browser sent it"),
	                         .format = AUDIO_WAV,
	                         .pcm = {samples, COUNT(samples)},
	                         .language = "en",
	                         .model = "whisper-large-v3"};
	struct heard       heard = {0};

	answer_with("application/json",
	            SPAN("{\"text\":\" Yes.\",\"language\":\"English\",\"duration\":1.0,\"segments\":["
	                 "{\"start\":0,\"end\":0.9,\"text\":\" Yes.\",\"avg_logprob\":-0.3,"
	                 "\"compression_ratio\":0.5,\"no_speech_prob\":0.1}]}"));
	assert_ok(groq_stt.transcribe(*state, &in, &heard));
	assert_int_equal(heard.n, 1);
	assert_string_equal(heard.segments[0].text, " Yes.");
	assert_float_equal(heard.segments[0].avg_logprob, -0.3, 1e-9);
	assert_float_equal(heard.segments[0].no_speech_prob, 0.1, 1e-9);
	assert_string_equal(heard.language, "English");
	assert_string_equal(heard.model, "whisper-large-v3");
	assert_sent("POST /openai/v1/audio/transcriptions HTTP/1.1\r\n");
	assert_sent("name=\"file\"; filename=\"audio.wav\"\r\nContent-Type: audio/wav\r\n\r\nRIFF");
	assert_in_range(fake_body_bytes(server->request), 32044, 33500); /* 16 kHz, not the original */
}

static void groq_hears_what_servers_say_less(void **state)
{
	struct recording in = {.bytes = SPAN("OggS"), .format = AUDIO_OGG};
	struct heard     heard = {0};

	answer_with("application/json", SPAN("{\"text\":\"Hello\"}"));
	assert_ok(groq_stt.transcribe(*state, &in, &heard));
	assert_int_equal(heard.n, 1);
	assert_sent("filename=\"audio.ogg\"");
	assert_sent("\r\n\r\nOggS\r\n");
	answer_with("application/json", SPAN("{\"text\":\"\",\"segments\":[]}"));
	heard = (struct heard){0};
	assert_ok(groq_stt.transcribe(*state, &in, &heard));
	assert_int_equal(heard.n, 0);
	answer_with("application/json", SPAN("{\"status\":\"fine\"}"));
	assert_err(groq_stt.transcribe(*state, &in, &heard), ERR_UPSTREAM);
}

static struct span tone_like(struct ctx *cx, unsigned ms)
{
	struct buf      file = buf_new(cx->arena, 0);
	struct mp3_kind kind = mp3_default();

	mp3_append_silence(&file, &kind, ms);
	return buf_span(&file);
}

static void elevenlabs_speaks_with_pauses(void **state)
{
	static const struct speech_piece pieces[] = {{"", 500},
	                                             {"Hello", 0},
	                                             {"there.", 1000},
	                                             {"Bye.", 0}};
	struct speech_order              order = {.pieces = pieces, .n = 4, .voice = "../v1/user"};
	struct speech                    speech = {0};

	server->requests = 0;
	answer_with("audio/mpeg", tone_like(*state, 700));
	assert_ok(elevenlabs_tts.speak(*state, &order, &speech));
	assert_int_equal(server->requests, 2); /* one for each run of words */
	assert_in_range(speech.audio_ms, 2850, 2950);
	assert_in_range(speech.audio.len, speech.audio_ms * 16 - 20, speech.audio_ms * 16 + 20);
	assert_int_equal(mp3_frames_bytes(speech.audio, UINT64_MAX), speech.audio.len);
	assert_sent("POST /v1/text-to-speech/JBFqnCBsd6RMkjVDRZzb/stream?"
	            "output_format=mp3_44100_128 HTTP");
	assert_sent("xi-api-key: eleven-key\r\n");
	assert_string_equal(sent_body(), "{\"text\":\"Bye.\",\"model_id\":\"eleven_flash_v2_5\","
	                                 "\"previous_text\":\"Hello there.\"}");
}

static void elevenlabs_speaks_wav(void **state)
{
	static const struct speech_piece pieces[] = {{"Hello there.", 100}};
	struct speech_order order = {.pieces = pieces, .n = 1, .voice = "Voice7", .format = SPEECH_WAV};
	struct speech       speech = {0};

	answer_with("audio/pcm", SPAN("\1\0\2\0\3"));
	server->step = server->pause_ms = 1; /* samples come in halves */
	assert_ok(elevenlabs_tts.speak(*state, &order, &speech));
	server->step = server->pause_ms = 0;
	assert_int_equal(speech.audio_ms, 100);
	assert_int_equal(speech.audio.len, 44 + 2 * (2 + 2400));
	assert_memory_equal(speech.audio.ptr + 44, "\1\0\2\0\0", 5);
	assert_sent("/text-to-speech/Voice7/stream?output_format=pcm_24000 HTTP");
}

static void elevenlabs_refuses_what_is_not_speech(void **state)
{
	static const struct speech_piece pieces[] = {{"Hello there.", 0}};
	struct speech_order              order = {.pieces = pieces, .n = 1};
	struct ctx                      *cx = *state;
	struct mp3_kind                  slow = {44100, 64, 1, 1152, 0};
	struct buf                       file = buf_new(cx->arena, 0);
	struct speech                    speech;

	answer_with("text/html", tone_like(cx, 700));
	assert_err(elevenlabs_tts.speak(cx, &order, &speech), ERR_UPSTREAM);
	answer_with("audio/mpeg", SPAN("<html>not audio</html>"));
	assert_err(elevenlabs_tts.speak(cx, &order, &speech), ERR_UPSTREAM);
	answer_with("audio/mpeg", SPAN(""));
	assert_err(elevenlabs_tts.speak(cx, &order, &speech), ERR_UPSTREAM);
	mp3_append_silence(&file, &slow, 500);
	answer_with("audio/mpeg", buf_span(&file));
	assert_err(elevenlabs_tts.speak(cx, &order, &speech), ERR_UPSTREAM);
}

/* ---- a voice in parts ---- */

static const struct speech_piece words[] = {{"Hello there, and welcome.", 0}};

static struct speech_order order_for(struct heard_parts *parts)
{
	return (struct speech_order){
		.pieces = words, .n = 1, .format = SPEECH_MP3, .on_part = hear_part, .data = parts};
}

/* So much of the sound, and then the connection ends as told. */
static void answer_cut(struct ctx *cx, size_t body_bytes, enum fake_end end)
{
	answer_with("audio/mpeg", tone_like(cx, 3000));
	server->answer_len =
		(size_t)(strstr(server->answer, "\r\n\r\n") + 4 - server->answer) + body_bytes;
	server->end = end;
}

static void elevenlabs_gives_parts_as_they_come(void **state)
{
	struct ctx         *cx = *state;
	struct heard_parts  parts = heard_parts(cx->arena);
	struct speech_order order = order_for(&parts);
	struct speech       speech = {0};
	struct span         tone = tone_like(cx, 3000);

	order.before = "  Nice to see you.";
	order.after = "What brings you here?";
	answer_with("audio/mpeg", tone);
	server->step = 1000;
	assert_ok(elevenlabs_tts.speak(cx, &order, &speech));
	server->step = 0;
	assert_true(parts.has_ended && !parts.is_odd);
	assert_true(span_equal(buf_span(&parts.joined), tone));
	assert_in_range(parts.n, 2, 12); /* whoever is late finds more waiting */
	assert_in_range(parts.ms, 2990, 3020);
	assert_int_equal(speech.audio_ms, parts.ms);
	assert_int_equal(speech.audio.len, 0);
	assert_int_equal(speech.delay_samples, 1105);
	assert_string_equal(
		sent_body(), "{\"text\":\"Hello there, and welcome.\",\"model_id\":\"eleven_flash_v2_5\","
					 "\"previous_text\":\"Nice to see you.\","
					 "\"next_text\":\"What brings you here?\"}");
}

/* What went out stays; who sent it has failed, and nobody says it again. */
static void elevenlabs_ends_where_it_breaks(void **state)
{
	struct ctx         *cx = *state;
	struct heard_parts  parts = heard_parts(cx->arena);
	struct speech_order order = order_for(&parts);
	struct chain_result by;
	struct speech       speech = {0};

	answer_cut(cx, 20000, FAKE_CLOSE);
	assert_ok(speak(cx, &order, &speech, &by));
	assert_string_equal(by.served->name, "elevenlabs");
	assert_err(by.late, ERR_UPSTREAM);
	assert_true(speech.is_truncated && parts.has_ended && !parts.is_odd);
	assert_in_range(parts.joined.len, 20000 - 418, 20000);
	assert_int_equal(parts.ms, speech.audio_ms);
	server->end = FAKE_KEEP;
}

/* Nothing went out: the voice of this machine says all of it. */
static void another_voice_speaks_where_none_was_heard(void **state)
{
	struct ctx         *cx = *state;
	struct heard_parts  parts = heard_parts(cx->arena);
	struct speech_order order = order_for(&parts);
	struct chain_result by;
	struct speech       speech = {0};

	answer_cut(cx, 4 * 418, FAKE_CLOSE);
	assert_ok(speak(cx, &order, &speech, &by));
	assert_string_equal(by.served->name, "local");
	assert_true(by.fell_back && !speech.is_truncated);
	assert_true(parts.has_ended && !parts.is_odd);
	assert_in_range(parts.ms, 1000, 3000);

	/* And who gathers is not given half of it. */
	answer_cut(cx, 20000, FAKE_CLOSE);
	order.on_part = NULL;
	assert_ok(speak(cx, &order, &speech, &by));
	assert_string_equal(by.served->name, "local");
	assert_int_equal(mp3_frames_bytes(speech.audio, UINT64_MAX), speech.audio.len);
	server->end = FAKE_KEEP;
}

static void elevenlabs_is_not_waited_for_between_parts(void **state)
{
	struct ctx         *cx = *state;
	struct heard_parts  parts = heard_parts(cx->arena);
	struct speech_order order = order_for(&parts);
	struct speech       speech = {0};
	struct err         *e;

	answer_cut(cx, 20000, FAKE_HANG);
	e = elevenlabs_tts.speak(cx, &order, &speech);
	assert_err(e, ERR_DEADLINE);
	assert_non_null(strstr(e->detail, "between pieces"));
	assert_true(e->is_late && parts.has_ended);
	server->end = FAKE_KEEP;
}

/* Bytes that make no sound are no sign of life. */
static void elevenlabs_does_not_live_by_drops(void **state)
{
	struct ctx         *cx = *state;
	struct heard_parts  parts = heard_parts(cx->arena);
	struct speech_order order = order_for(&parts);
	struct speech       speech = {0};
	struct err         *e;

	answer_with("audio/mpeg", tone_like(cx, 3000));
	server->step = 20;
	server->pause_ms = 20; /* a frame takes more than what is waited for */
	e = elevenlabs_tts.speak(cx, &order, &speech);
	server->step = server->pause_ms = 0;
	assert_err(e, ERR_DEADLINE);
	assert_non_null(strstr(e->detail, "between pieces"));
}

/* What ElevenLabs has been paid since this was asked last. */
static int64_t characters_paid(void)
{
	static struct meter_line lines[METER_LINES_MAX];
	int64_t                  paid = 0;
	size_t                   n = meter_collect(lines);

	for (size_t i = 0; i < n; i++)
		if (strstr(lines[i].who.name, "elevenlabs"))
			paid += lines[i].counts.of[METER_CHARACTERS];
	meter_collected(lines, n, true);
	return paid;
}

static void elevenlabs_is_paid_for_what_was_heard(void **state)
{
	struct ctx         *cx = *state;
	struct heard_parts  parts = heard_parts(cx->arena);
	struct speech_order order = order_for(&parts);
	struct speech       speech = {0};

	characters_paid();
	answer_cut(cx, 20000, FAKE_CLOSE);
	assert_err(elevenlabs_tts.speak(cx, &order, &speech), ERR_UPSTREAM);
	assert_int_equal(characters_paid(), strlen(words[0].text));
	answer_cut(cx, 100, FAKE_CLOSE);
	assert_err(elevenlabs_tts.speak(cx, &order, &speech), ERR_UPSTREAM);
	assert_int_equal(characters_paid(), 0);
	server->end = FAKE_KEEP;
}

static void elevenlabs_stops_when_nobody_wants_more(void **state)
{
	struct ctx         *cx = *state;
	struct heard_parts  parts = heard_parts(cx->arena);
	struct speech_order order = order_for(&parts);
	struct speech       speech = {0};

	parts.wanted = 1;
	answer_with("audio/mpeg", tone_like(cx, 3000));
	server->step = 2000;
	assert_err(elevenlabs_tts.speak(cx, &order, &speech), ERR_CANCELLED);
	server->step = 0;
	assert_int_equal(parts.n, 1);
	assert_false(parts.has_ended);
}

static void elevenlabs_is_one_kind_of_sound_only(void **state)
{
	static const struct mp3_kind kinds[] = {{44100, 128, 2, 1152, 0}, {22050, 128, 1, 576, 0}};
	struct ctx                  *cx = *state;
	struct heard_parts           parts = heard_parts(cx->arena);
	struct speech_order          order = order_for(&parts);
	struct speech                speech = {0};

	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct buf      file = buf_new(cx->arena, 0);
		struct mp3_kind kind = kinds[i];
		struct err     *e;

		mp3_append_silence(&file, &kind, 1000);
		answer_with("audio/mpeg", buf_span(&file));
		e = elevenlabs_tts.speak(cx, &order, &speech);
		assert_err(e, ERR_UPSTREAM);
		assert_non_null(strstr(e->detail, i ? "22050 Hz" : "2 channels"));
	}
	assert_int_equal(parts.n, 0);
}

static void load_with(const char *name, const char *value)
{
	const struct cfg_group *groups[] = {elevenlabs_tts.p.settings};

	if (value)
		setenv(name, value, 1);
	else
		unsetenv(name);
	assert_int_equal(cfg_load(groups, COUNT(groups)), 0);
}

/* They refuse a request that has it. */
static void some_models_take_no_context(void **state)
{
	static const struct speech_order order = {.pieces = words, .n = 1, .before = "Hello."};
	struct speech                    speech = {0};

	load_with("ELEVENLABS_MODEL", "eleven_v3");
	answer_with("audio/mpeg", tone_like(*state, 500));
	assert_ok(elevenlabs_tts.speak(*state, &order, &speech));
	assert_string_equal(sent_body(),
	                    "{\"text\":\"Hello there, and welcome.\",\"model_id\":\"eleven_v3\"}");
	load_with("ELEVENLABS_MODEL", NULL);
}

/* Its samples, wherever they are cut, are made MP3 whose ends are known. */
static void elevenlabs_samples_become_parts(void **state)
{
	struct ctx         *cx = *state;
	struct heard_parts  parts = heard_parts(cx->arena);
	struct speech_order order = order_for(&parts);
	struct speech       speech = {0};
	char               *samples = arena_alloc(cx->arena, 3 * 22050 * 2 + 1);

	load_with("ELEVENLABS_PCM_HZ", "22050");
	load_with("ELEVENLABS_LATENCY", "3");
	answer_with("audio/pcm", (struct span){samples, 3 * 22050 * 2 + 1});
	server->step = 4001;
	assert_ok(elevenlabs_tts.speak(cx, &order, &speech));
	server->step = 0;
	assert_sent("/stream?output_format=pcm_22050&optimize_streaming_latency=3 HTTP");
	assert_true(parts.has_ended && !parts.is_odd);
	assert_in_range(parts.n, 2, 12); /* whoever is late finds more waiting */
	assert_in_range(speech.audio_ms * 441 / 10 - speech.delay_samples - speech.padding_samples,
	                3 * 44100 - 60, 3 * 44100 + 60);
	answer_with("application/json", (struct span){samples, 44100});
	assert_err(elevenlabs_tts.speak(cx, &order, &speech), ERR_UPSTREAM);
	load_with("ELEVENLABS_PCM_HZ", NULL);
	load_with("ELEVENLABS_LATENCY", NULL);
}

static void is_configured_by_key_or_address(void **state)
{
	(void)state;
	assert_true(groq_llm.p.is_configured());
	assert_true(openai_llm.p.is_configured()); /* no key, but an address of one's own */
	assert_true(elevenlabs_tts.p.is_configured());
}

static int load_settings(void)
{
	const struct cfg_group *groups[] = {
		&http_settings,      thinking.settings,         groq_llm.p.settings,  openai_llm.p.settings,
		groq_stt.p.settings, elevenlabs_tts.p.settings, openai_llm.p.account, speaking.settings,
	};

	setenv("GROQ_BASE_URL", server->url, 1);
	setenv("OPENAI_BASE_URL", server->url, 1);
	setenv("ELEVENLABS_BASE_URL", server->url, 1);
	setenv("GROQ_API_KEY", "groq-key", 1);
	setenv("ELEVENLABS_API_KEY", "eleven-key", 1);
	setenv("ELEVENLABS_IDLE_MS", "300", 1);
	setenv("ELEVENLABS_FIRST_MS", "20000", 1); /* drops take long to make a sound */
	setenv("OPENAI_MODELS",
	       "gpt-5-mini,gpt-5-chat-latest,gpt-5.1,gpt-5.1-chat-latest,o1,o1-mini,o3-mini", 1);
	unsetenv("OPENAI_API_KEY");
	return cfg_load(groups, COUNT(groups)) + http_start() + chain_start(&speaking);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(groq_streams_chat),
		UNIT_TEST(models_that_reason_get_room),
		UNIT_TEST(what_is_thought_is_paid_for),
		UNIT_TEST(models_are_asked_for_what_they_know),
		UNIT_TEST(openai_forces_a_call_without_a_key),
		UNIT_TEST(a_request_over_its_maximum_is_not_sent),
		UNIT_TEST(groq_hears),
		UNIT_TEST(groq_hears_what_servers_say_less),
		UNIT_TEST(elevenlabs_speaks_with_pauses),
		UNIT_TEST(elevenlabs_speaks_wav),
		UNIT_TEST(elevenlabs_refuses_what_is_not_speech),
		UNIT_TEST(elevenlabs_gives_parts_as_they_come),
		UNIT_TEST(elevenlabs_ends_where_it_breaks),
		UNIT_TEST(another_voice_speaks_where_none_was_heard),
		UNIT_TEST(elevenlabs_is_not_waited_for_between_parts),
		UNIT_TEST(elevenlabs_does_not_live_by_drops),
		UNIT_TEST(elevenlabs_is_paid_for_what_was_heard),
		UNIT_TEST(elevenlabs_stops_when_nobody_wants_more),
		UNIT_TEST(elevenlabs_is_one_kind_of_sound_only),
		UNIT_TEST(some_models_take_no_context),
		UNIT_TEST(elevenlabs_samples_become_parts),
		UNIT_TEST(is_configured_by_key_or_address),
	};
	int failed;

	json_start();
	log_setup("test_cloud_engines", LOG_ERROR);
	server = fake_start("");
	failed = load_settings() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
	http_stop();
	fake_stop(server);
	return failed;
}
