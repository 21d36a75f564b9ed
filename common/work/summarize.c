/* summarize.c -- bringing a session's summary up to date. */
#include "summarize.h"

#include "../base/log.h"
#include "../engines/thinking.h"

#define MODEL_MAX_TOKENS 1200
#define STORE_MS         2000u /* kept back for storing when a model takes its time */
#define TRIES            5     /* to be the one who writes the next summary */

struct summarize_values {
	int64_t wait_ms, idle_seconds;
};
static struct summarize_values values;

static const struct cfg_key keys[] = {
	CFG_KEY_INT(summarize_values, idle_seconds, "SUMMARY_IDLE_SECONDS", .fallback = "1800",
                .min = 1, .max = 31536000,
                .help = "a session unused for so long has ended and is summarised"),
	CFG_KEY_INT(summarize_values, wait_ms, "SUMMARY_MS", .fallback = "20000", .min = 100,
                .max = 60000, .help = "longest wait for a model's summary; then it is extractive"),
};
const struct cfg_group summarize_settings = {"Summaries", &values, keys, COUNT(keys)};

int64_t summarize_idle_seconds(void)
{
	return values.idle_seconds;
}

/* ---- by a model ---- */

struct thinking_try {
	struct chat_message messages[2];
	struct summary     *out;
};

static struct err *try_engine(struct provider *p, struct ctx *cx, void *data)
{
	struct thinking_try *t = data;
	struct chat_reply    reply;
	struct chat_order    order = {.messages = t->messages,
	                              .n = COUNT(t->messages),
	                              .max_tokens = MODEL_MAX_TOKENS,
	                              .schema_name = SUMMARY_CALL_NAME,
	                              .schema = summary_schema()};

	TRY(llm_complete(p, cx, &order, &reply));
	if (!summary_parse(cx, span_of(reply.text), t->out))
		return err_of_content(
			err_new(cx, ERR_UPSTREAM, WHERE, "no summary in %zu bytes", strlen(reply.text)));
	return NULL;
}

static unsigned time_for_models(const struct ctx *cx)
{
	unsigned left = deadline_cap_ms(cx->deadline, (unsigned)values.wait_ms + STORE_MS);

	return left > STORE_MS ? left - STORE_MS : 0;
}

static struct err *ask_models(struct ctx *cx, const char *session_id, const struct summary_in *in,
                              struct summary *out, const char **provider_out)
{
	struct thinking_try t = {.out = out};
	struct chain        remote = thinking_remote(THINKING_SUMMARY, session_id);
	struct deadline     whole = cx->deadline;
	struct chain_result served;
	struct err         *e;

	t.messages[0] = (struct chat_message){CHAT_SYSTEM, summary_prompt()};
	t.messages[1] = (struct chat_message){CHAT_USER, summary_transcript(cx, in)};
	cx->deadline = deadline_in(time_for_models(cx));
	e = chain_run(cx, &remote, try_engine, &t, &served);
	cx->deadline = whole;
	if (!e)
		*provider_out = served.served->name;
	return e;
}

/* Only who gave up waiting gets an error: there is a summary without a model too. */
static struct err *compose(struct ctx *cx, const char *session_id, const struct summary_in *in,
                           struct summary *out, const char **provider_out)
{
	if (thinking_remote(THINKING_SUMMARY, NULL).order_n) {
		struct err *e = ask_models(cx, session_id, in, out, provider_out);

		if (!e || ctx_cancelled(cx))
			return e;
		log_err(LOG_WARN, cx, "summary_without_model", e);
	}
	summary_extractive(cx, in, out);
	*provider_out = SUMMARY_EXTRACTIVE;
	return NULL;
}

/* ---- with what the session's leads say ---- */

static void add_followups(struct ctx *cx, const struct summary_source *source,
                          struct summary *summary)
{
	const struct cJSON *list;

	if (!source->followup_actions || json_parse(cx, span_of(source->followup_actions), &list))
		return;
	for (const struct cJSON *item = json_first(list); item; item = json_next(item)) {
		const char *text = json_text_at(item, "");

		if (text)
			action_add_followup(cx, &summary->actions, text, source->lead_priority);
	}
}

static void write_json(struct json_out *j, const char *key, const char *json)
{
	if (json)
		json_raw(j, key, span_of(json));
	else
		json_null(j, key);
}

/* Stored columns without contact data only. The statements of an extractive summary
 * are kept for the next one. */
static struct err *crm_json(struct ctx *cx, const struct summary_source *source,
                            const struct summary *summary, const char **out)
{
	struct json_out *j = json_new(cx->arena, 0);
	struct span      json;

	json_obj(j, NULL);
	json_str(j, "intent", source->intent);
	json_int(j, "lead_score", source->lead_score);
	json_str(j, "priority", source->lead_priority);
	write_json(j, "scoring_reasons", source->reasons);
	write_json(j, "entities", source->entities);
	if (summary->is_extractive) {
		json_str(j, "base", summary->base);
		json_arr(j, "quotes");
		for (size_t i = 0; i < summary->quotes_n; i++)
			json_str(j, NULL, summary->quotes[i]);
		json_end(j);
	}
	json_end(j);
	TRY(json_finish(cx, j, &json));
	*out = json.ptr;
	return NULL;
}

/* ---- one summary ---- */

static bool is_due(const struct summary_source *source, bool is_forced)
{
	if (source->utterances < SUMMARY_UTTERANCES_MIN || source->said_n == 0)
		return false;
	return !source->has_earlier || is_forced || source->pending >= SUMMARY_NEW_MIN;
}

/* What is there when none is due. */
static void tell_earlier(struct ctx *cx, const struct summary_source *source,
                         struct summarized *out)
{
	struct summary *earlier = NEW(cx->arena, struct summary);

	*out = (struct summarized){.verdict = SUMMARY_TOO_SHORT};
	if (!source->has_earlier)
		return;
	*earlier = source->earlier;
	*out = (struct summarized){.verdict = SUMMARY_RECENT,
	                           .summary = earlier,
	                           .provider = source->earlier_provider,
	                           .utterances = source->utterances - source->pending,
	                           .importance = source->earlier_importance};
}

static struct err *write_next(struct ctx *cx, const char *session_id,
                              const struct summary_source *source, struct summarized *out,
                              bool *is_stored_out)
{
	struct summary    *summary = NEW(cx->arena, struct summary);
	struct summary_in  in = {.earlier = source->has_earlier ? &source->earlier : NULL,
	                         .said = source->said,
	                         .said_n = summary_fitting(source->said, source->said_n)};
	struct summary_new next = {.session_id = session_id,
	                           .summary = summary,
	                           .position = source->positions[in.said_n - 1],
	                           .version = source->version,
	                           .names = &source->names};

	TRY(compose(cx, session_id, &in, summary, &next.provider));
	add_followups(cx, source, summary);
	TRY(crm_json(cx, source, summary, &next.crm_json));
	next.utterances = source->utterances - source->pending + (int64_t)in.said_n;
	*out = (struct summarized){.verdict = SUMMARY_WRITTEN,
	                           .summary = summary,
	                           .provider = next.provider,
	                           .utterances = next.utterances,
	                           .importance = summary_importance(next.utterances),
	                           .is_partial = next.utterances < source->utterances};
	return summary_store(cx, &next, is_stored_out);
}

/* Nothing is new, but the summary there is was made without a model. */
static bool may_improve(const struct summary_source *source)
{
	return source->has_earlier && source->pending == 0 && source->earlier.is_extractive &&
	       thinking_remote(THINKING_SUMMARY, NULL).order_n > 0;
}

struct err *summarize(struct ctx *cx, const char *session_id, bool is_forced,
                      struct summarized *out)
{
	struct summary_source source;
	bool                  is_stored = false;

	for (int i = 0; i < TRIES && !is_stored; i++) {
		TRY(summary_load(cx, session_id, false, &source));
		if (is_forced && may_improve(&source))
			TRY(summary_load(cx, session_id, true, &source));
		if (!is_due(&source, is_forced)) {
			tell_earlier(cx, &source, out);
			return NULL;
		}
		TRY(write_next(cx, session_id, &source, out, &is_stored));
	}
	if (!is_stored)
		FAIL(cx, ERR_UNAVAILABLE, "others wrote %d summaries meanwhile", TRIES);
	return NULL;
}
