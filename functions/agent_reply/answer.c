/* answer.c -- thinking and speaking for one turn. */
#include "answer.h"

#include "../../common/base/base64.h"
#include "../../common/base/crypto.h"
#include "../../common/base/json_in.h"
#include "../../common/base/json_out.h"
#include "../../common/base/log.h"
#include "../../common/domain/talk/care.h"
#include "../../common/domain/talk/prompt.h"
#include "../../common/domain/voice/spoken_text.h"
#include "../../common/engines/acts.h"
#include "../../common/engines/distress.h"
#include "../../common/engines/engines.h"
#include "../../common/work/heard.h"
#include "../../common/work/memory.h"

#define REPLY_BYTES_MAX 1200 /* of spoken text: four long sentences */
#define NO_VOICE        "null}"
#define DANGER_MS       4000u /* somebody in danger does not wait longer for a model's words */

struct answer_values {
	int64_t max_tokens, budget_tokens;
	double  temperature;
};
static struct answer_values values;

static const struct cfg_key keys[] = {
	CFG_KEY_INT(answer_values, budget_tokens, "REPLY_PROMPT_TOKENS", .fallback = "6000", .min = 500,
                .max = 200000, .help = "tokens of prompt and history given to a model"),
	CFG_KEY_INT(answer_values, max_tokens, "REPLY_MAX_TOKENS", .fallback = "220", .min = 16,
                .max = 4096, .help = "tokens of a spoken reply"),
	CFG_KEY_NUM(answer_values, temperature, "REPLY_TEMPERATURE", .fallback = "0.7", .min = 0,
                .max = 2, .help = "how freely a model words its replies"),
};

const struct cfg_group answer_settings = {"Replies", &values, keys, COUNT(keys)};

size_t answer_budget_tokens(void)
{
	return (size_t)values.budget_tokens;
}

/* ---- the prompt ---- */

/* What is remembered on the topic, as the prompt takes it; its text is data. */
struct recalled {
	struct prompt_memory memories[MEMORY_FOR_TURN_MAX];
	const char          *texts[MEMORY_FOR_TURN_MAX];
	size_t               n;
};

static void recall(struct ctx *cx, const struct in *in, const struct turn *turn,
                   struct recalled *out)
{
	struct memory found[MEMORY_FOR_TURN_MAX];

	out->n = memory_recall_for_turn(cx, in->session_id, in->session_secret, &turn->names,
	                                in->user_message, in->heard, found);
	for (size_t i = 0; i < out->n; i++) {
		out->texts[i] = memory_plain_text(cx, &found[i]);
		out->memories[i] = (struct prompt_memory){.text = out->texts[i],
		                                          .date = found[i].occurred_at,
		                                          .question = found[i].question};
	}
}

static void judge_dynamics(const struct in *in, const struct turn *turn,
                           const struct recalled *recalled, struct dynamics *out)
{
	dynamics_judge(&(struct dynamics_in){.message = span_of(in->user_message),
	                                     .memories = recalled->texts,
	                                     .memories_n = recalled->n,
	                                     .message_index = (unsigned)turn->number,
	                                     .marks = turn->marks,
	                                     .random_percent = crypto_random_below(100)},
	               out);
}

/* Only scalars: what a page knows of its visitor, not a second conversation. */
static size_t read_context(struct ctx *cx, const struct cJSON *context, struct prompt_fact *out)
{
	size_t n = 0;

	if (!context)
		return 0;
	for (const struct cJSON *m = json_first(context); m && n < PROMPT_CONTEXT_MAX;
	     m = json_next(m)) {
		enum json_type type = json_type(m);

		if (type == JSON_STRING)
			out[n++] = (struct prompt_fact){json_name(m), json_text_at(m, "")};
		else if (type == JSON_NUMBER || type == JSON_BOOL)
			out[n++] = (struct prompt_fact){json_name(m), json_print(cx, m).ptr};
	}
	return n;
}

static void build_prompt(struct ctx *cx, const struct in *in, const struct turn *turn,
                         const struct recalled *recalled, const struct answer *a,
                         struct prompt *out)
{
	struct prompt_fact facts[PROMPT_CONTEXT_MAX];

	struct prompt_in prompt = {
		.is_performer = in->is_performer_mode,
		.is_nudge = in->is_nudge,
		.is_in_distress = a->reading.is_in_distress,
		.dynamics = &a->dynamics,
		.memories = recalled->memories,
		.memories_n = recalled->n,
		.context = facts,
		.context_n = read_context(cx, in->context, facts),
		.history = turn->history,
		.history_n = turn->history_n,
		.message = in->user_message,
		.budget_tokens = answer_budget_tokens(),
	};

	if (!mode_find(turn->mode, &prompt.mode))
		prompt.mode = MODE_DEFAULT;
	prompt_build(cx->arena, &prompt, out);
}

/* ---- thinking ---- */

struct thinking_try {
	struct chat_order order;
	struct chat_reply reply;
	unsigned          sentences_max;
	bool              must_be_fit; /* for somebody in distress */
	const char       *text;
};

/* A model that leaves nothing to say has failed, and the next one is asked. */
static struct err *try_engine(struct provider *p, struct ctx *cx, void *data)
{
	struct thinking_try *t = data;

	TRY(llm_complete(p, cx, &t->order, &t->reply));
	t->text = spoken_reply(cx->arena, span_of(t->reply.text), t->sentences_max, REPLY_BYTES_MAX);
	if (!*t->text)
		return err_of_content(err_new(cx, ERR_UPSTREAM, WHERE, "nothing speakable in %zu bytes",
		                              strlen(t->reply.text)));
	if (t->must_be_fit && !p->is_local && !care_is_fit(cx, span_of(t->text)))
		return err_of_content(err_new(cx, ERR_UPSTREAM, WHERE, "not fit for somebody in distress"));
	return NULL;
}

/* ---- what the visitor does ---- */

size_t answer_said_in_distress(const struct turn *turn)
{
	size_t n = 0;

	for (size_t i = turn->history_n; i-- > 0 && turn->history[i].is_in_distress;)
		n += turn->history[i].speaker == SPEAKER_VISITOR;
	return n;
}

/* With the one name that a consenting visitor gave in an earlier session. */
static const struct extract *known_of(struct ctx *cx, const struct turn *turn)
{
	struct extract *known = NEW(cx->arena, struct extract);

	if (turn->names.n != 1 || (turn->known && turn->known->entities.person_name))
		return turn->known;
	if (turn->known)
		*known = *turn->known;
	known->entities.person_name = turn->names.at[0];
	return known;
}

/* The vector was waited for by who recalls; without it words tell. */
static void read_message(struct ctx *cx, const struct in *in, const struct turn *turn,
                         size_t said_in_distress, struct reading *out)
{
	struct memory_vector vector = heard_vector(cx, in->heard, deadline_in(0));
	bool                 is_builtin = thinking_remote(THINKING_REPLY, NULL).order_n == 0;

	out->act = acts_read(cx, &in->said, vector.at, vector.model, is_builtin);
	out->is_foreign = act_is_foreign(&in->said);
	out->language = reading_language(cx, &in->said, turn->history, turn->history_n);
	out->distress_line = distress_line(out->language);
	out->known = known_of(cx, turn);
	out->is_in_distress =
		out->act == ACT_distress ||
		(said_in_distress > 0 &&
	     !care_has_turned(cx, out->act, span_of(in->user_message), said_in_distress));
}

/* Our line first, and a model's words behind it where there are fit ones in time. */
static struct err *reply_in_danger(struct ctx *cx, struct thinking_try *t, const char *session_id,
                                   const char *line, struct chain_result *result)
{
	struct chain    about = thinking_remote(THINKING_REPLY, session_id);
	struct deadline whole = cx->deadline;
	struct err     *e;

	about.is_impatient = true;
	cx->deadline = deadline_sooner(whole, deadline_in(DANGER_MS));
	e = chain_run(cx, &about, try_engine, t, result);
	cx->deadline = whole;
	if (ctx_cancelled(cx))
		FAIL(cx, ERR_CANCELLED, "nobody waits for the reply any more");
	if (!e) {
		t->text = arena_printf(cx->arena, "%s %s", line, t->text);
		return NULL;
	}
	log_err(LOG_WARN, cx, "distress_line_alone", e);
	*result = (struct chain_result){.served = &builtin_llm.p, .fell_back = true};
	t->text = line;
	return NULL;
}

struct err *answer_think(struct ctx *cx, const struct in *in, const struct turn *turn,
                         struct answer *a)
{
	uint64_t            start_ms = clock_mono_ms();
	struct thinking_try t = {.sentences_max = mode_sentences_max(in->is_performer_mode)};
	struct recalled     recalled = {.n = 0};
	struct chain        about = thinking_about(THINKING_REPLY, turn->session_id);
	struct chain_result result = {.served = NULL};
	struct prompt       prompt;

	if (!in->is_nudge) {
		recall(cx, in, turn, &recalled);
		a->recall_ms = (unsigned)(clock_mono_ms() - start_ms);
		judge_dynamics(in, turn, &recalled, &a->dynamics);
		read_message(cx, in, turn, a->said_in_distress, &a->reading);
		if (a->reading.is_in_distress)
			a->dynamics = (struct dynamics){.n = 0};
	} else {
		a->reading.is_in_distress = a->said_in_distress > 0;
		a->reading.distress_line = "";
	}
	t.must_be_fit = a->reading.is_in_distress;
	build_prompt(cx, in, turn, &recalled, a, &prompt);
	t.order = (struct chat_order){.messages = prompt.messages,
	                              .n = prompt.n,
	                              .model = in->model,
	                              .temperature = values.temperature,
	                              .max_tokens = (unsigned)values.max_tokens,
	                              .mode = turn->mode,
	                              .reading = &a->reading};
	if (a->reading.act == ACT_distress && thinking_remote(THINKING_REPLY, NULL).order_n)
		TRY(reply_in_danger(cx, &t, turn->session_id, a->reading.distress_line, &result));
	else
		TRY(chain_run(cx, &about, try_engine, &t, &result));
	a->text = t.text;
	a->usage = t.reply.usage;
	a->first_token_ms = t.reply.first_token_ms;
	a->provider = result.served->name;
	if (result.fell_back || result.served->is_local)
		a->degraded[a->degraded_n++] = thinking.capability;
	a->think_ms = (unsigned)(clock_mono_ms() - start_ms) - a->recall_ms;
	return NULL;
}

/* ---- speaking ---- */

struct err *answer_speak(struct ctx *cx, struct answer *a)
{
	uint64_t            start_ms = clock_mono_ms();
	struct chain_result served = {.fell_back = false};
	struct spoken       spoken;
	struct speech       speech = {.audio_ms = 0};
	struct err         *e;

	spoken_text_clean(cx->arena, span_of(a->text), &spoken);
	if (!spoken.is_speakable)
		return NULL;
	e = speak(cx,
	          &(struct speech_order){.pieces = spoken.pieces,
	                                 .n = spoken.pieces_n,
	                                 .format = SPEECH_MP3},
	          &speech, &served);
	if (ctx_cancelled(cx)) /* whatever that made of the voice is no answer */
		FAIL(cx, ERR_CANCELLED, "nobody waits for the reply any more");
	if (e)
		log_err(LOG_WARN, cx, "reply_not_spoken", e);
	if (e || served.fell_back)
		a->degraded[a->degraded_n++] = speaking.capability;
	a->audio = speech.audio;
	a->speak_ms = (unsigned)(clock_mono_ms() - start_ms);
	return NULL;
}

/* ---- the answer ---- */

static void write_timings(struct json_out *j, const struct answer *a)
{
	json_obj(j, "timings");
	json_int(j, "begin_ms", a->begin_ms);
	json_int(j, "recall_ms", a->recall_ms);
	json_int(j, "think_ms", a->think_ms);
	json_int(j, "first_token_ms", a->first_token_ms);
	json_int(j, "speak_ms", a->speak_ms);
	json_int(j, "total_ms", (int64_t)(clock_mono_ms() - a->start_ms));
	json_end(j);
}

static void write_usage(struct json_out *j, const struct chat_usage *usage)
{
	json_obj(j, "usage");
	json_int(j, "prompt_tokens", usage->prompt_tokens);
	json_int(j, "completion_tokens", usage->completion_tokens);
	json_int(j, "total_tokens", usage->prompt_tokens + usage->completion_tokens);
	json_end(j);
}

static void write_degraded(struct json_out *j, const struct answer *a)
{
	if (a->degraded_n == 0)
		return;
	json_arr(j, "degraded");
	for (size_t i = 0; i < a->degraded_n; i++)
		json_str(j, NULL, a->degraded[i]);
	json_end(j);
}

static void write_extract(struct json_out *j, const struct in *in, const struct turn_lead *lead)
{
	if (lead)
		extract_write(j, "extract", lead->extract, lead->score, in->is_compat);
	else
		json_null(j, "extract");
}

struct err *answer_json(struct ctx *cx, const struct in *in, const struct turn *turn,
                        const struct answer *a, struct span *out)
{
	struct json_out *j = json_new(cx->arena, ANSWER_BYTES_MAX);

	json_obj(j, NULL);
	json_str(j, "text", a->text);
	write_extract(j, in, a->lead);
	json_str(j, "session_id", turn->session_id);
	json_str(j, "current_mode", turn->mode);
	json_str(j, "provider", a->provider);
	json_str(j, "turn_id", turn->turn_id);
	write_timings(j, a);
	write_usage(j, &a->usage);
	write_degraded(j, a);
	json_null(j, "audio_base64"); /* the last: answer_voice() puts it in */
	json_end(j);
	return json_finish(cx, j, out);
}

/* In the place of the null that answer_json() ends with. */
struct err *answer_voice(struct ctx *cx, struct span json, struct span audio, struct span *out)
{
	size_t     at = json.len - SPAN(NO_VOICE).len, bytes = BASE64_ENCODED_BYTES(audio.len);
	struct buf b = buf_new(cx->arena, ANSWER_BYTES_MAX);
	char      *text;

	*out = json;
	if (!audio.ptr)
		return NULL;
	text = buf_extend(&b, at + bytes + SPAN("\"\"}").len);
	if (!text)
		FAIL(cx, ERR_INTERNAL, "an answer with %zu bytes of audio", audio.len);
	memcpy(text, json.ptr, at);
	text[at] = '"';
	base64_encode(audio.ptr, audio.len, text + at + 1);
	/* NOLINTNEXTLINE(bugprone-not-null-terminated-result): a length goes with it */
	memcpy(text + at + 1 + bytes, "\"}", 2);
	*out = buf_span(&b);
	return NULL;
}

/* JSON has no NUL in it: the first one divides. */
struct span answer_pack(struct arena *a, struct span json, struct span audio)
{
	size_t at = json.len + 1;
	char  *packed;

	if (!audio.ptr)
		return json;
	packed = arena_alloc(a, at + audio.len);
	memcpy(packed, json.ptr, at);
	memcpy(packed + at, audio.ptr, audio.len);
	return (struct span){packed, at + audio.len};
}

void answer_unpack(struct span packed, struct span *json_out, struct span *audio_out)
{
	const char *end = memchr(packed.ptr, 0, packed.len);

	*json_out = packed;
	*audio_out = (struct span){NULL, 0};
	if (!end)
		return;
	json_out->len = (size_t)(end - packed.ptr);
	*audio_out = (struct span){end + 1, packed.len - json_out->len - 1};
}
