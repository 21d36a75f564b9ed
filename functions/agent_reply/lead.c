/* lead.c -- extraction beside the reply. */
#include "lead.h"

#include "../../common/base/log.h"
#include "../../common/domain/talk/reading.h"
#include "../../common/domain/talk/prompt.h"
#include "../../common/engines/thinking.h"
#include "../../common/work/turn_leads.h"

#define EXTRACT_MAX_TOKENS 600

struct lead_values {
	int64_t wait_ms;
};
static struct lead_values values;

static const struct cfg_key keys[] = {
	CFG_KEY_INT(lead_values, wait_ms, "EXTRACT_MS", .fallback = "5000", .min = 100, .max = 60000,
                .help = "longest wait for a model's structured data; then rules serve"),
};

const struct cfg_group lead_settings = {"Leads", &values, keys, COUNT(keys)};

struct lead_search {
	const struct turn           *turn;
	const struct exchange       *talk; /* the visitor's words, oldest first, and what they answer */
	size_t                       talk_n;
	struct rule_told             told;
	const struct utterance_text *history; /* oldest first */
	size_t                       history_n;
	struct chat_message          messages[2];
	struct chain_begun          *begun; /* NULL: no model to ask */
	struct chat_call            *call;  /* of the engine that works beside the reply */
	struct deadline              until;
	struct extract              *found;
	const char                  *provider;
};

/* Nothing of what was said in distress is taken down. */
static void collect_history(struct ctx *cx, struct lead_search *s)
{
	struct utterance_text *calm = NEW_ARRAY(cx->arena, struct utterance_text, s->turn->history_n);

	for (size_t i = 0; i < s->turn->history_n; i++)
		if (!s->turn->history[i].is_in_distress)
			calm[s->history_n++] = s->turn->history[i];
		else if (s->history_n && calm[s->history_n - 1].speaker == SPEAKER_AGENT)
			s->history_n--; /* its question is not answered by what comes after the distress */
	s->history = calm;
}

/* The instructions and the form to fill in are sent too, and count. */
static const char *transcript(struct ctx *cx, const struct lead_search *s, const char *message,
                              size_t budget_tokens)
{
	size_t fixed = prompt_tokens(extract_prompt()) + prompt_tokens(extract_schema().ptr);

	return prompt_transcript(cx->arena, s->history, s->history_n, message,
	                         budget_tokens > fixed ? budget_tokens - fixed : 0);
}

static struct chat_order order_of(const struct lead_search *s)
{
	return (struct chat_order){.messages = s->messages,
	                           .n = COUNT(s->messages),
	                           .max_tokens = EXTRACT_MAX_TOKENS,
	                           .schema_name = EXTRACT_CALL_NAME,
	                           .schema = extract_schema()};
}

static struct err *begin_engine(struct provider *p, struct ctx *cx, void *data)
{
	struct lead_search *s = data;
	struct chat_order   order = order_of(s);

	return llm_begin(p, cx, &order, &s->call);
}

/* A claim without a known intent has failed, and the next engine is asked. */
static struct err *try_engine(struct provider *p, struct ctx *cx, void *data)
{
	struct lead_search *s = data;
	struct chat_call   *call = s->call;
	struct chat_reply   reply;

	s->call = NULL;
	if (!call) {
		TRY(begin_engine(p, cx, s));
		call = s->call;
		s->call = NULL;
	}
	TRY(llm_end(p, cx, call, &reply));
	s->found = extract_parse(cx, span_of(reply.text));
	if (!s->found)
		return err_of_content(err_new(cx, ERR_UPSTREAM, WHERE,
		                              "no usable structured data in %zu bytes",
		                              strlen(reply.text)));
	s->provider = p->name;
	return NULL;
}

/* Only the first engine works beside the reply; the others have what is left of the time. */
static void begin_asking(struct ctx *cx, struct lead_search *s)
{
	struct chain    remote = thinking_remote(THINKING_EXTRACT, s->turn->session_id);
	struct deadline whole = cx->deadline;

	s->until = deadline_sooner(whole, deadline_in((uint64_t)values.wait_ms));
	cx->deadline = s->until;
	s->begun = chain_begin(cx, &remote, begin_engine, s);
	cx->deadline = whole;
}

static struct err *end_asking(struct ctx *cx, struct lead_search *s, struct deadline until)
{
	struct deadline     whole = cx->deadline;
	struct chain_result served;
	struct err         *e;

	if (until.at_ms < s->until.at_ms)
		chain_hurry(s->begun);
	cx->deadline = deadline_sooner(deadline_sooner(whole, s->until), until);
	e = chain_end(cx, s->begun, try_engine, s, &served);
	cx->deadline = whole;
	if (!e)
		extract_supported(cx, s->found, s->talk, s->talk_n);
	return e;
}

struct lead_search *lead_start(struct ctx *cx, const struct turn *turn, const char *message,
                               size_t budget_tokens)
{
	struct lead_search *s = NEW(cx->arena, struct lead_search);

	s->turn = turn;
	s->talk = reading_talk(cx, turn->history, turn->history_n, message, &s->talk_n);
	if (thinking_remote(THINKING_EXTRACT, NULL).order_n) {
		collect_history(cx, s);
		s->messages[0] = (struct chat_message){CHAT_SYSTEM, extract_prompt()};
		s->messages[1] =
			(struct chat_message){CHAT_USER, transcript(cx, s, message, budget_tokens)};
		begin_asking(cx, s);
	}
	rule_extract_on(cx, turn->known, s->talk, s->talk_n, &s->told);
	return s;
}

const struct rule_told *lead_told(const struct lead_search *s)
{
	return &s->told;
}

static struct extract *found_by_model(struct ctx *cx, struct lead_search *s, struct deadline until)
{
	struct err *e = s->begun ? end_asking(cx, s, until) : NULL;

	if (e && e->kind != ERR_CANCELLED)
		log_err(LOG_WARN, cx, "extraction_by_rules", e);
	return s->begun && !e ? s->found : NULL;
}

const struct turn_lead *lead_join(struct ctx *cx, struct lead_search *s, bool by_rules,
                                  struct deadline until)
{
	struct extract *model = found_by_model(cx, s, until), *rules = s->told.all, *now;

	/* Field by field: what a lazy model left out is known all the same. */
	if (!model)
		s->provider = LEAD_BY_RULES;
	now = by_rules ? extract_merge(cx, model, rules) : extract_merge(cx, rules, model);
	return turn_lead_with(cx, s->turn, now, s->provider);
}

const struct turn_lead *lead_by_rules(struct ctx *cx, struct lead_search *s)
{
	return turn_lead_with(cx, s->turn, s->told.all, LEAD_BY_RULES);
}
