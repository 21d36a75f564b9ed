/* memory.c -- the store of memories with the embedders. */
#include "memory.h"

#include "../base/json_in.h"
#include "../base/json_out.h"
#include "../base/log.h"
#include "../domain/who/mask.h"
#include "../domain/memory/index_text.h"
#include "../domain/talk/care.h"
#include "../engines/acts.h"
#include "cached_embedding.h"
#include "heard.h"
#include "turn_leads.h"
#include "../store/masking.h"
#include "../store/turns.h"
#include "../store/utterance_memories.h"

#define UTTERANCES_MAX 64 /* made memories in one call */
#define WITHOUT_VECTOR "fulltext"
/* A part of the leases under which many are embedded. */
#define EMBED_MANY_MS_MAX 20000

struct memory_embed_values {
	int64_t save_ms, query_ms, turn_ms;
	double  turn_similarity;
};
static struct memory_embed_values values;

static const struct cfg_key keys[] = {
	CFG_KEY_INT(memory_embed_values, save_ms, "MEMORY_EMBED_MS", .fallback = "2000", .min = 1,
                .max = 60000, .help = "a memory is stored without its vector after so long"),
	CFG_KEY_INT(memory_embed_values, query_ms, "RECALL_EMBED_MS", .fallback = "2000", .min = 1,
                .max = 60000, .help = "a query is answered from words alone after so long"),
	CFG_KEY_INT(memory_embed_values, turn_ms, "MEMORY_TURN_MS", .fallback = "150", .min = 1,
                .max = 10000, .help = "a reply waits no longer for what is remembered"),
	/* Below it, sentences of MiniLM have no topic in common. */
	CFG_KEY_NUM(memory_embed_values, turn_similarity, "RECALL_TURN_SIMILARITY", .fallback = "0.25",
                .help = "least similarity of a memory shown to a model"),
};

const struct cfg_group memory_embed_settings = {"Memory vectors", &values, keys, COUNT(keys)};

/* ---- vectors ---- */

/* What the cache of embeddings is for: a vector that goes to a memory is not kept there too. */
enum caching { LOOK_AND_KEEP, ONLY_LOOK, NEITHER };

static struct err *embed_by(struct ctx *cx, const char *session_id, enum caching caching,
                            const struct embed_order *order, struct embeddings *out,
                            const char **provider_out)
{
	struct chain_result served;

	if (caching != NEITHER)
		return embed_cached(cx, session_id, caching == LOOK_AND_KEEP, order, out, provider_out);
	TRY(embed(cx, order, out, &served));
	*provider_out = served.served->name;
	return NULL;
}

struct wanted {
	const char        *session_id; /* whose words these are */
	enum caching       caching;
	const char *const *texts;
	size_t             n;
	int64_t            limit_ms;
};

/* No vector is no failure: it is logged, and made later or done without. */
static const char *try_embed(struct ctx *cx, const struct wanted *w, struct memory_vector *out)
{
	struct embed_order order = {w->texts, w->n};
	struct deadline    whole = cx->deadline;
	const char        *provider;
	struct embeddings  made;
	struct err        *e;

	for (size_t i = 0; i < w->n; i++)
		out[i] = (struct memory_vector){.at = NULL};
	if (embedding.order_n == 0)
		return WITHOUT_VECTOR;
	cx->deadline = deadline_sooner(whole, deadline_in((uint64_t)w->limit_ms));
	e = embed_by(cx, w->session_id, w->caching, &order, &made, &provider);
	cx->deadline = whole;
	if (e) {
		log_err(LOG_WARN, cx, "not_embedded", e);
		return WITHOUT_VECTOR;
	}
	for (size_t i = 0; i < w->n; i++)
		out[i] = (struct memory_vector){made.vectors[i], made.dims, made.model};
	return provider;
}

static void embed_one(struct ctx *cx, const char *session_id, enum caching caching,
                      const char *said, struct memory_vector *out)
{
	*out = (struct memory_vector){.at = NULL};
	if (*said)
		try_embed(cx, &(struct wanted){session_id, caching, &said, 1, values.save_ms}, out);
}

void memory_embed_said(struct ctx *cx, const char *session_id, const char *said,
                       struct memory_vector *out)
{
	embed_one(cx, session_id, ONLY_LOOK, said, out);
}

/* Nobody waits for a job: it gives each text its time, and they are embedded in one call. */
static int64_t embed_many_ms(size_t n)
{
	int64_t ms = values.save_ms * (int64_t)n;

	return ms < EMBED_MANY_MS_MAX ? ms : EMBED_MANY_MS_MAX;
}

/* ---- remembering ---- */

struct err *memory_remember(struct ctx *cx, const struct remember *in, struct memory *out,
                            bool *is_duplicate_out)
{
	struct index_text    text;
	struct memory_vector vector;
	struct names         names;

	TRY(memory_names(cx, in->session_id, &names));
	index_text_of(cx, in->content, in->summary, in->occurred_ms, &text);
	embed_one(cx, in->session_id, LOOK_AND_KEEP, text.said, &vector);
	return memory_insert(cx,
	                     &(struct memory_new){.session_id = in->session_id,
	                                          .scope = in->scope,
	                                          .content_json = json_print(cx, in->content),
	                                          .speaker = text.speaker,
	                                          .words = text.words,
	                                          .summary = in->summary,
	                                          .importance = in->importance,
	                                          .tags_json = in->tags_json,
	                                          .metadata_json = in->metadata_json,
	                                          .occurred_ms = in->occurred_ms,
	                                          .is_time_given = in->is_time_given,
	                                          .more = text.more,
	                                          .more_n = text.more_n,
	                                          .source_id = in->source_id,
	                                          .names = &names,
	                                          .vector = vector},
	                     out, is_duplicate_out);
}

static struct err *utterance_json(struct ctx *cx, const struct memory_utterance *u,
                                  struct span *out)
{
	struct json_out *j = json_new(cx->arena, 0);

	json_obj(j, NULL);
	json_str(j, "speaker", u->speaker);
	json_str(j, "text", u->text);
	json_end(j);
	return json_finish(cx, j, out);
}

/* One as a memory that is to be. */
struct remembering {
	const struct memory_utterance *u;
	const char                    *said; /* what is embedded of it */
	struct memory_new              memory;
};

static struct err *read_utterance(struct ctx *cx, const char *session_id,
                                  const struct memory_utterance *u, const struct names *names,
                                  struct remembering *out)
{
	struct index_text text;
	struct span       json;

	index_text_said(cx, u->speaker, u->text, u->said_ms, &text);
	TRY(utterance_json(cx, u, &json));
	out->u = u;
	out->said = text.said;
	out->memory = (struct memory_new){.session_id = session_id,
	                                  .scope = "episodic",
	                                  .content_json = json,
	                                  .speaker = text.speaker,
	                                  .words = text.words,
	                                  .importance = 5,
	                                  .tags_json = SPAN("[]"),
	                                  .metadata_json = SPAN("{}"),
	                                  .occurred_ms = u->said_ms,
	                                  .more = text.more,
	                                  .more_n = text.more_n,
	                                  .utterance_id = u->id,
	                                  .names = names};
	return NULL;
}

static struct err *mask_next(struct ctx *cx, const char *session_id, bool *has_masked_out)
{
	struct names names;
	const char  *next;

	TRY(masking_next(cx, session_id, &names, &next));
	*has_masked_out = next != NULL;
	return next ? masking_session(cx, next, &names) : NULL;
}

/* Those whose vector the turn has left are not embedded again. */
static void embed_utterances(struct ctx *cx, const char *session_id, struct remembering *said,
                             size_t n)
{
	struct memory_vector vectors[UTTERANCES_MAX];
	const char          *wanting[UTTERANCES_MAX];
	struct remembering  *to[UTTERANCES_MAX];
	size_t               wanting_n = 0;

	for (size_t i = 0; i < n; i++)
		if (!said[i].u->has_vector) {
			to[wanting_n] = &said[i];
			wanting[wanting_n++] = said[i].said;
		}
	if (wanting_n == 0)
		return;
	try_embed(cx,
	          &(struct wanted){session_id, NEITHER, wanting, wanting_n, embed_many_ms(wanting_n)},
	          vectors);
	for (size_t i = 0; i < wanting_n; i++)
		to[i]->memory.vector = vectors[i];
}

/* A turn that was broken off before its words were understood, or that had no time for what they
 * mean, has left that to us. */
static bool is_unread(const struct memory_utterance *u)
{
	return (u->is_unmasked || !u->has_vector) && str_equal(u->speaker, "visitor");
}

static struct err *is_in_distress(struct ctx *cx, const struct remembering *r, bool may_last,
                                  bool *out)
{
	const struct memory_vector *vector = &r->memory.vector;
	struct span                 message = span_of(r->u->text);
	struct act_words            words;
	size_t                      before = 0;
	enum act                    act;

	*out = false;
	if (!is_unread(r->u))
		return NULL;
	if (may_last)
		TRY(utterances_in_distress(cx, r->memory.session_id, r->u->position, &before));
	words = act_words_of(cx, message);
	/* Whether distress is over may be told by any act; whether it begins, by that alone. */
	act = acts_read(cx, &words, vector->at, vector->model,
	                before > 0 || act_danger_by_meaning(&words));
	*out = care_is_needed(cx, act, message, before);
	return NULL;
}

/* How many become memories, which are put together; what is said in distress becomes none. */
static struct err *sort_out(struct ctx *cx, const struct names *names,
                            const struct remembering *said, size_t n, struct memory_new *kept,
                            size_t *kept_n)
{
	bool any_grave = false;

	*kept_n = 0;
	for (size_t i = 0; i < n; i++) {
		const struct memory_utterance *u = said[i].u;
		bool                           is_grave;

		TRY(is_in_distress(cx, &said[i], any_grave || u->is_behind_distress, &is_grave));
		if (is_grave) {
			any_grave = true;
			TRY(utterance_is_grave(cx, said[i].memory.session_id, u->id));
			continue;
		}
		if (u->is_unmasked)
			TRY(memory_mask_utterance(cx, u, names));
		kept[(*kept_n)++] = said[i].memory;
	}
	return NULL;
}

static struct err *keep(struct ctx *cx, const char *session_id, const struct memory_waiting *w)
{
	struct remembering said[UTTERANCES_MAX];
	struct memory_new  kept[UTTERANCES_MAX];
	size_t             kept_n;

	for (size_t i = 0; i < w->n; i++)
		TRY(read_utterance(cx, session_id, &w->said[i], &w->names, &said[i]));
	embed_utterances(cx, session_id, said, w->n);
	TRY(sort_out(cx, &w->names, said, w->n, kept, &kept_n));
	return kept_n ? memory_insert_utterances(cx, session_id, kept, kept_n) : NULL;
}

static bool has_unread(const struct memory_waiting *w)
{
	bool has = false;

	for (size_t i = 0; i < w->n; i++)
		has |= w->said[i].is_unmasked && str_equal(w->said[i].speaker, "visitor");
	return has;
}

struct err *memory_keep_utterances(struct ctx *cx, const char *session_id,
                                   struct memory_keeping *keeping)
{
	struct memory_waiting waiting;

	TRY(memory_utterances(cx, session_id, keeping->after, UTTERANCES_MAX, &waiting));
	keeping->left = false;
	if (has_unread(&waiting))
		TRY(turn_lead_of_broken(cx, session_id, &keeping->left));
	if (keeping->left)
		return NULL; /* another name may be known, and its words are plain by now */
	if (!waiting.is_masked && keeping->masked_n++ < MEMORY_MASKED_MAX)
		TRY(mask_next(cx, session_id, &keeping->left));
	if (keeping->left || waiting.n == 0)
		return NULL;
	TRY(keep(cx, session_id, &waiting));
	keeping->left = waiting.n == UTTERANCES_MAX;
	keeping->after = waiting.said[waiting.n - 1].position;
	return NULL;
}

/* How many of them, from the first on, are of the same session: what is cached is a session's. */
static size_t of_one_session(const struct memory_unembedded *todo, size_t n)
{
	size_t many = 1;

	while (many < n && many < UTTERANCES_MAX &&
	       str_equal(todo[many].session_id, todo[0].session_id))
		many++;
	return many;
}

/* Counts in *done those that got a vector of `model`. */
static struct err *embed_some(struct ctx *cx, const struct memory_unembedded *todo, size_t n,
                              const char *model, size_t *done)
{
	struct memory_vector *vectors = NEW_ARRAY(cx->arena, struct memory_vector, n);
	const char          **texts = NEW_ARRAY(cx->arena, const char *, n);
	const struct payers  *mine = cx->payers;

	for (size_t i = 0; i < n; i++)
		texts[i] = todo[i].said;
	cx->payers = NULL;
	payers_join(cx, todo[0].payers);
	try_embed(cx, &(struct wanted){todo[0].session_id, LOOK_AND_KEEP, texts, n, embed_many_ms(n)},
	          vectors);
	cx->payers = mine;
	for (size_t i = 0; i < n && vectors[i].at; i++) {
		TRY(memory_set_vector(cx, todo[i].id, &vectors[i]));
		*done += str_equal(vectors[i].model, model);
	}
	return NULL;
}

struct err *memory_embed_pending(struct ctx *cx, size_t max, bool *left_out)
{
	const struct embed_engine      *next = embedding_next(cx), *first;
	const struct memory_unembedded *todo;
	size_t                          n, done = 0;

	*left_out = false;
	if (!next)
		return NULL;
	/* A stand-in's vector is better than none, but not than another model's. */
	first = (const struct embed_engine *)(const void *)embedding.order[0];
	TRY(memory_find_unembedded(
		cx,
		&(struct memory_pending){.model = next == first ? first->model : NULL,
	                             .max = max,
	                             .requests_max = meter_caller_max(METER_REQUESTS),
	                             .tokens_max = meter_caller_max(METER_TOKENS)},
		&todo, &n));
	for (size_t i = 0, many; i < n; i += many) {
		many = of_one_session(todo + i, n - i);
		TRY(embed_some(cx, todo + i, many, next->model, &done));
	}
	/* When another had to step in, there is no reason to ask again at once. */
	*left_out = n == max && done > 0;
	return NULL;
}

/* ---- recalling ---- */

/* Who speaks, as a question may name them: for the mask that stands for the visitor, their names,
 * whole and the first word of each. */
static size_t names_asked(struct ctx *cx, const char *const *speakers, size_t n,
                          const struct names *names, const char ***out)
{
	const char **asked = NEW_ARRAY(cx->arena, const char *, n + 2 * names->n);
	size_t       asked_n = 0;
	bool         has_visitor = false;

	for (size_t i = 0; i < n; i++) {
		bool is_visitor = str_equal(speakers[i], MASK_NAME);

		has_visitor = has_visitor || is_visitor;
		if (!is_visitor)
			asked[asked_n++] = speakers[i];
	}
	for (size_t i = 0; has_visitor && i < names->n; i++) {
		asked[asked_n++] = names->at[i];
		asked[asked_n++] = arena_strndup(cx->arena, names->at[i], strcspn(names->at[i], " "));
	}
	*out = asked;
	return asked_n;
}

/* As they are in the plain column. */
static void mask_named(struct ctx *cx, const struct names *names, struct index_query *question)
{
	const char **named = NEW_ARRAY(cx->arena, const char *, question->named_n);

	for (size_t i = 0; i < question->named_n; i++)
		named[i] = mask_str(cx, question->named[i], names);
	question->named = named;
}

/* What is searched is masked, and so are the words of the question; its meaning is not. */
static void read_question(struct ctx *cx, const char *query, const struct memory_people *people,
                          struct index_query *out)
{
	const char **asked;
	size_t       n = names_asked(cx, people->speakers, people->speakers_n, &people->names, &asked);

	index_query_of(cx, query, asked, n, clock_unix_ms(), out);
	out->words = mask_str(cx, out->words, &people->names);
	mask_named(cx, &people->names, out);
}

static struct err *ask(struct ctx *cx, const struct recall *in, const struct index_query *about,
                       struct memory_vector vector, struct memory **out, size_t *n_out)
{
	return memory_search(cx,
	                     &(struct recall_query){.session_id = in->session_id,
	                                            .session_secret = in->session_secret,
	                                            .words = about->words,
	                                            .vector = vector,
	                                            .named = about->named,
	                                            .named_n = about->named_n,
	                                            .scopes = in->scopes,
	                                            .scopes_n = in->scopes_n,
	                                            .limit = in->limit,
	                                            .min_importance = in->min_importance,
	                                            .from_ms = about->from_ms,
	                                            .until_ms = about->until_ms,
	                                            .asks_now = about->asks_now},
	                     out, n_out);
}

struct err *memory_recall(struct ctx *cx, const struct recall *in, struct memory **out,
                          size_t *n_out, const char **provider_out)
{
	struct memory_people people = {.speakers_n = 0};
	struct index_query   about;
	struct memory_vector vector;

	TRY(memory_people(cx, in->session_id, in->session_secret, &people));
	read_question(cx, in->query, &people, &about);
	*provider_out =
		try_embed(cx,
	              &(struct wanted){in->session_id, LOOK_AND_KEEP, &about.topic, 1, values.query_ms},
	              &vector);
	return ask(cx, in, &about, vector, out, n_out);
}

static struct deadline vector_until(const struct ctx *cx)
{
	return deadline_sooner(cx->deadline,
	                       deadline_in((uint64_t)(values.turn_ms - values.turn_ms / 4)));
}

void memory_look_for_turn(struct ctx *cx, const char *session_id, size_t said_n,
                          struct memory_people *people, enum memory_stock *stock_out)
{
	struct deadline whole = cx->deadline;
	struct err     *e;

	cx->deadline = deadline_sooner(whole, deadline_in((uint64_t)values.turn_ms));
	e = memory_look(cx, session_id, said_n, people, stock_out);
	cx->deadline = whole;
	if (!e)
		return;
	log_err(LOG_WARN, cx, "not_recalled", e);
	*stock_out = MEMORIES_NONE;
}

/* What was heard is the topic, unless somebody is named: then that is embedded too. */
static struct err *ask_for_turn(struct ctx *cx, const struct recall *in,
                                const struct memory_people *people, struct heard *heard,
                                struct memory **out, size_t *n_out)
{
	struct deadline      until = vector_until(cx);
	enum caching         caching = heard_is_said(heard) ? LOOK_AND_KEEP : ONLY_LOOK;
	struct index_query   about;
	struct memory_vector vector;

	read_question(cx, in->query, people, &about);
	if (str_equal(about.topic, in->query))
		vector = heard_vector(cx, heard, until);
	else
		try_embed(cx,
		          &(struct wanted){in->session_id, caching, &about.topic, 1,
		                           (int64_t)deadline_left_ms(until)},
		          &vector);
	return ask(cx, in, &about, vector, out, n_out);
}

size_t memory_recall_for_turn(struct ctx *cx, const char *session_id, const char *session_secret,
                              const struct memory_people *people, const char *message,
                              struct heard *heard, struct memory out[MEMORY_FOR_TURN_MAX])
{
	static const char *const scopes[] = {"medium", "long", "episodic"};
	const struct recall      wanted = {.session_id = session_id,
	                                   .session_secret = session_secret,
	                                   .query = message,
	                                   .scopes = scopes,
	                                   .scopes_n = COUNT(scopes),
	                                   .limit = MEMORY_FOR_TURN_MAX};
	struct deadline          whole = cx->deadline;
	struct memory           *found;
	size_t                   n = 0, kept = 0;
	struct err              *e;

	if (!people && heard_is_here(heard))
		heard_vector(cx, heard, vector_until(cx));
	if (!people)
		return 0;
	cx->deadline = deadline_sooner(whole, deadline_in((uint64_t)values.turn_ms));
	e = ask_for_turn(cx, &wanted, people, heard, &found, &n);
	cx->deadline = whole;
	if (e) {
		log_err(LOG_WARN, cx, "not_recalled", e);
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		if (found[i].similarity >= values.turn_similarity)
			out[kept++] = found[i];
	return kept;
}

const char *memory_plain_text(struct ctx *cx, const struct memory *memory)
{
	const struct cJSON *content;
	struct index_text   text;

	if (!str_is_blank(memory->summary))
		return memory->summary;
	if (json_parse(cx, span_of(memory->content_json), &content))
		return "";
	index_text_of(cx, content, NULL, 0, &text);
	return text.speaker ? arena_printf(cx->arena, "%s: %s", text.speaker, text.said) : text.said;
}

void memory_write(struct json_out *j, const char *key, const struct memory *memory)
{
	json_obj(j, key);
	json_str(j, "id", memory->id);
	json_raw(j, "content", span_of(memory->content_json));
	json_str(j, "summary", memory->summary);
	json_str(j, "scope", memory->scope);
	json_int(j, "importance", memory->importance);
	json_raw(j, "tags", span_of(memory->tags_json));
	json_num(j, "similarity", memory->similarity);
	json_num(j, "score", memory->score);
	json_str(j, "session_id", memory->session_id);
	json_str(j, "created_at", memory->created_at);
	json_str(j, "last_referenced", memory->last_referenced);
	json_int(j, "access_count", memory->access_count);
	json_str(j, "occurred_at", memory->occurred_at);
	json_str(j, "source_id", memory->source_id);
	json_end(j);
}
