/* thought.c -- recalling, the prompt and the model. */
#include "thought.h"

#include "../../common/base/crypto.h"
#include "../../common/base/json_in.h"
#include "../../common/base/log.h"
#include "../../common/base/stages.h"
#include "../../common/domain/talk/care.h"
#include "../../common/domain/talk/prompt.h"
#include "../../common/domain/voice/reply_text.h"
#include "../../common/domain/voice/spoken_text.h"
#include "../../common/engines/acts.h"
#include "../../common/engines/distress.h"
#include "../../common/engines/engines.h"
#include "../../common/engines/unread.h"
#include "../../common/work/heard.h"
#include "../../common/work/memory.h"
#include "closing.h"

#define FIRST_CHARS_MIN 8     /* less is no clause */
#define DANGER_MS       4000u /* somebody in danger does not wait longer for a model's words */

struct thought_values {
	int64_t max_tokens, budget_tokens, first_chars;
	double  temperature;
};
static struct thought_values values;

static const struct cfg_key keys[] = {
	CFG_KEY_INT(thought_values, first_chars, "FIRST_PIECE_CHARS", .fallback = "120", .min = 0,
                .max = 600,
                .help =
                    "a streamed reply's first sentence, if longer, begins with its first clause; "
                    "0: never"),
	CFG_KEY_INT(thought_values, budget_tokens, "REPLY_PROMPT_TOKENS", .fallback = "6000",
                .min = 500, .max = 200000, .help = "tokens of prompt and history given to a model"),
	CFG_KEY_INT(thought_values, max_tokens, "REPLY_MAX_TOKENS", .fallback = "220", .min = 16,
                .max = 4096, .help = "tokens of a spoken reply"),
	CFG_KEY_NUM(thought_values, temperature, "REPLY_TEMPERATURE", .fallback = "0.7", .min = 0,
                .max = 2, .help = "how freely a model words its replies"),
};

const struct cfg_group thought_settings = {"Replies", &values, keys, COUNT(keys)};

size_t thought_budget_tokens(void)
{
	return (size_t)values.budget_tokens;
}

/* ---- the prompt ---- */

static size_t talk_tokens(const struct turn *turn)
{
	size_t tokens = prompt_tokens(turn->message);

	for (size_t i = 0; i < turn->history_n; i++)
		tokens += prompt_tokens(turn->history[i].text);
	return tokens;
}

/* All that was said in this conversation stands in a model's prompt. The built-in responder answers
 * a question from what is recalled, wherever that was said. */
static bool prompt_holds_talk(const struct turn *turn)
{
	return turn->history_n < TURN_HISTORY_ROWS &&
	       thinking_remote(THINKING_REPLY, NULL).order_n > 0 &&
	       talk_tokens(turn) <= thought_budget_tokens() / 2;
}

static bool recalls(struct ctx *cx, const struct turn *turn, struct memory_people *people)
{
	enum memory_stock stock;

	*people = (struct memory_people){.names = turn->names};
	memory_look_for_turn(cx, turn->session_id, turn->history_n, people, &stock);
	if (stock != MEMORIES_HERE)
		return stock == MEMORIES_MORE;
	return !prompt_holds_talk(turn);
}

void thought_look(struct ctx *cx, const struct in *in, const struct turn *turn, struct answer *a)
{
	a->recalls = in->heard && recalls(cx, turn, &a->people);
	if (a->recalls)
		heard_admit(cx, in->heard);
	unread_read(cx, turn->history, turn->history_n);
	a->said_in_distress = care_messages(turn->history, turn->history_n);
}

/* What is remembered on the topic, as the prompt takes it; its text is data. */
struct recalled {
	struct prompt_memory memories[MEMORY_FOR_TURN_MAX];
	size_t               n;
	const char         **texts; /* of these, or what the visitor has said here */
	size_t               texts_n;
};

static void recall_history(struct ctx *cx, const struct turn *turn, struct recalled *out)
{
	out->texts = NEW_ARRAY(cx->arena, const char *, turn->history_n);
	for (size_t i = 0; i < turn->history_n; i++)
		if (turn->history[i].speaker == SPEAKER_VISITOR)
			out->texts[out->texts_n++] = turn->history[i].text;
}

static void recall(struct ctx *cx, const struct in *in, const struct turn *turn,
                   const struct answer *a, struct recalled *out)
{
	struct memory found[MEMORY_FOR_TURN_MAX];

	*out = (struct recalled){.texts = NEW_ARRAY(cx->arena, const char *, MEMORY_FOR_TURN_MAX)};
	out->n =
		memory_recall_for_turn(cx, in->session_id, in->session_secret,
	                           a->recalls ? &a->people : NULL, in->user_message, in->heard, found);
	if (!a->recalls)
		recall_history(cx, turn, out);
	for (size_t i = 0; i < out->n; i++) {
		out->texts[out->texts_n++] = memory_plain_text(cx, &found[i]);
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
	                                     .memories_n = recalled->texts_n,
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
		.budget_tokens = thought_budget_tokens(),
	};

	if (!mode_find(turn->mode, &prompt.mode))
		prompt.mode = MODE_DEFAULT;
	prompt_build(cx->arena, &prompt, out);
}

/* ---- what the visitor does ---- */

size_t thought_first_bytes(void)
{
	return values.first_chars < FIRST_CHARS_MIN ? 0 : (size_t)values.first_chars;
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

/* A model understands by itself; the built-in responder does not, and danger is everybody's. */
static bool meaning_matters(const struct act_words *said)
{
	return thinking_remote(THINKING_REPLY, NULL).order_n == 0 || act_hints_danger(said);
}

/* The vector was waited for by who recalls. One that is being made here is not made again where
 * meaning matters, but waited for as long as that would take; without it words tell. */
static void read_message(struct ctx *cx, const struct in *in, const struct turn *turn,
                         size_t said_in_distress, struct reading *out)
{
	bool                 matters = meaning_matters(&in->said), is_here = heard_is_here(in->heard);
	unsigned             wait_ms = matters && is_here ? ACTS_EMBED_MS : 0;
	struct memory_vector vector = heard_vector(cx, in->heard, deadline_in(wait_ms));
	struct act_words     said = in->said;

	out->is_by_words = !vector.at;
	out->language = said.language = reading_language(cx, &said, turn->history, turn->history_n);
	out->act = acts_read(cx, &said, vector.at, vector.model, matters && !is_here);
	out->is_foreign = act_is_foreign(&said);
	out->distress_line = distress_line(out->language);
	out->known = known_of(cx, turn);
	out->is_in_distress = care_is_needed(cx, out->act, span_of(in->user_message), said_in_distress);
}

/* ---- thinking ---- */

struct thought {
	const struct turn *turn;
	struct reading    *reading;
	struct delivery   *delivery;
	struct chat_order  order;
	size_t             sentences_max;
	uint64_t           start_ms;
	bool               must_be_fit;    /* for somebody in distress: all of it is looked at first */
	bool               follows_a_line; /* of ours, which is enough */

	struct chat_reply   reply;
	struct chain_result served;
	const char         *text;
	size_t              written; /* bytes handed to the delivery by this engine */
	bool                is_cut;  /* broken off before all was written that is said */
	unsigned            took_ms;

	const struct provider *first, *writing; /* asked first, and last; NULL: none yet */
};

static bool write_on(struct span piece, void *data)
{
	struct thought *t = data;

	t->written += piece.len;
	return delivery_text(piece, t->delivery);
}

/* Of what turned out to have been no answer nothing is left, unless it is out. False: it is. */
static bool take_back(struct thought *t)
{
	t->written = 0;
	return delivery_restart(t->delivery);
}

/* A model that leaves nothing to say has failed, and the next one is asked. */
static struct err *judge(struct ctx *cx, const struct provider *p, struct thought *t)
{
	if (t->reply.is_unlike_given && !take_back(t))
		LOG(LOG_WARN, cx, "reasoning_told", F_STR("provider", p->name));
	t->text = spoken_reply(cx->arena, span_of(t->reply.text), t->sentences_max,
	                       REPLY_BYTES_MAX(t->sentences_max));
	if (!*t->text)
		return err_of_content(err_new(cx, ERR_UPSTREAM, WHERE, "nothing speakable in %zu bytes",
		                              strlen(t->reply.text)));
	if (t->must_be_fit && !p->is_local && !care_is_fit(cx, span_of(t->text)))
		return err_of_content(err_new(cx, ERR_UPSTREAM, WHERE, "not fit for somebody in distress"));
	return NULL;
}

/* Until something is out the next engine begins anew, whatever this one has written. */
static struct err *try_engine(struct provider *p, struct ctx *cx, void *data)
{
	struct thought *t = data;
	struct err     *e;

	t->writing = p;
	t->reply = (struct chat_reply){.text = ""};
	e = llm_complete(p, cx, &t->order, &t->reply);
	if (!e)
		e = judge(cx, p, t);
	if (e && e->kind != ERR_CANCELLED)
		e->is_late = !take_back(t);
	return e;
}

/* Our line stands, and a model's words behind it where there are fit ones in time. */
static struct err *think_in_danger(struct ctx *cx, struct thought *t)
{
	struct chain    about = thinking_remote(THINKING_REPLY, t->turn->session_id);
	struct deadline whole = cx->deadline;
	struct err     *e;

	about.is_impatient = true;
	cx->deadline = deadline_sooner(whole, deadline_in(DANGER_MS));
	e = chain_run(cx, &about, try_engine, t, &t->served);
	cx->deadline = whole;
	if (ctx_cancelled(cx))
		FAIL(cx, ERR_CANCELLED, "nobody waits for the reply any more");
	if (!e)
		return NULL;
	log_err(LOG_WARN, cx, "distress_line_alone", e);
	t->served = (struct chain_result){.served = &builtin_llm.p, .fell_back = true};
	t->text = "";
	return NULL;
}

static struct err *think_it(struct ctx *cx, struct thought *t)
{
	struct chain about = thinking_about(THINKING_REPLY, t->turn->session_id);

	t->first = about.order[0];
	if (t->follows_a_line)
		return think_in_danger(cx, t);
	return chain_run(cx, &about, try_engine, t, &t->served);
}

static struct err *think_for(struct ctx *cx, void *data)
{
	struct thought *t = data;

	TRY(think_it(cx, t));
	t->is_cut = t->served.late && !(delivery_is_full(t->delivery) && !t->reply.is_unlike_given);
	t->took_ms = (unsigned)(clock_mono_ms() - t->start_ms);
	STAGE(cx, "model", t->start_ms, STAGE_TEXT("provider", t->served.served->name),
	      STAGE_INT("first_token_ms", t->reply.first_token_ms),
	      STAGE_INT("prompt_tokens", t->reply.usage.prompt_tokens),
	      STAGE_INT("completion_tokens", t->reply.usage.completion_tokens));
	delivery_thought(t->delivery, t->served.late ? "" : t->text,
	                 t->is_cut ? closing_line(t->reading->language) : NULL);
	return NULL;
}

struct thought *thought_new(struct ctx *cx, const struct in *in, const struct turn *turn,
                            struct answer *a)
{
	struct thought *t = NEW(cx->arena, struct thought);
	struct recalled recalled = {.n = 0};
	struct prompt   prompt;

	t->turn = turn;
	t->reading = &a->reading;
	t->start_ms = clock_mono_ms();
	if (!in->is_nudge) {
		recall(cx, in, turn, a, &recalled);
		a->recall_ms = (unsigned)(clock_mono_ms() - t->start_ms);
		STAGE(cx, "recall", t->start_ms, STAGE_INT("memories", recalled.n));
		judge_dynamics(in, turn, &recalled, &a->dynamics);
		read_message(cx, in, turn, a->said_in_distress, &a->reading);
		if (a->reading.is_in_distress)
			a->dynamics = (struct dynamics){.n = 0};
	} else {
		a->reading.is_in_distress = a->said_in_distress > 0;
		a->reading.distress_line = "";
	}
	t->start_ms = clock_mono_ms();
	t->sentences_max = mode_sentences_max(in->is_performer_mode);
	t->must_be_fit = a->reading.is_in_distress;
	t->follows_a_line =
		a->reading.act == ACT_distress && thinking_remote(THINKING_REPLY, NULL).order_n > 0;
	build_prompt(cx, in, turn, &recalled, a, &prompt);
	t->order = (struct chat_order){.messages = prompt.messages,
	                               .n = prompt.n,
	                               .model = in->model,
	                               .temperature = values.temperature,
	                               .max_tokens = (unsigned)values.max_tokens,
	                               .mode = turn->mode,
	                               .reading = &a->reading};
	return t;
}

void thought_start(struct thought *t, struct delivery *d)
{
	t->delivery = d;
	if (!t->must_be_fit) {
		t->order.on_text = write_on;
		t->order.data = t;
	}
	if (t->follows_a_line)
		delivery_say(d, t->reading->distress_line);
	delivery_think(d, think_for, t);
}

static bool is_degraded(const struct thought *t)
{
	return t->served.fell_back || t->served.served->is_local;
}

static void sign_unended(const struct thought *t, struct left *rest)
{
	if (!t->writing)
		return;
	rest->provider = t->writing->name;
	rest->is_degraded = t->writing != t->first || t->writing->is_local;
}

/* As one whose models had nothing to add to it. */
static void sign_line_alone(struct left *rest)
{
	rest->provider = builtin_llm.p.name;
	rest->is_degraded = true;
}

void thought_sign(const struct thought *t, struct left *rest)
{
	rest->usage = t->reply.usage;
	if (rest->lacks_end || (!t->served.served && t->written))
		return sign_unended(t, rest);
	if (!t->served.served)
		return sign_line_alone(rest);
	rest->provider = t->served.served->name;
	rest->is_truncated = t->is_cut;
	rest->is_degraded = is_degraded(t);
}

void thought_end(const struct thought *t, struct answer *a)
{
	a->usage = t->reply.usage;
	a->first_token_ms = t->reply.first_token_ms;
	a->is_connection_reused = t->reply.is_reused;
	a->is_truncated = t->is_cut;
	a->provider = t->served.served->name;
	a->think_ms = t->took_ms;
	if (is_degraded(t))
		a->degraded[a->degraded_n++] = thinking.capability;
}
