/* conversation.c -- from a body to an order for the language models. */
#include "conversation.h"

#include "../../common/domain/talk/prompt.h"

struct conversation_values {
	int64_t max_tokens;
	double  temperature;
	bool    is_open; /* to the system prompts of everybody */
};
static struct conversation_values values;

static const struct cfg_key keys[] = {
	CFG_KEY_INT(conversation_values, max_tokens, "CHAT_MAX_TOKENS", .fallback = "1024", .min = 1,
                .max = MAX_TOKENS_MAX, .help = "tokens of one groq_chat answer, at most"),
	CFG_KEY_BOOL(conversation_values, is_open, "CHAT_OPEN_PROMPTS", .fallback = "0",
                 .help = "1: groq_chat heeds system prompts of callers without a key, too"),
	CFG_KEY_NUM(conversation_values, temperature, "CHAT_TEMPERATURE", .fallback = "0.7", .min = 0,
                .max = 2, .help = "how freely a model words answers when the caller does not say"),
};

const struct cfg_group conversation_settings = {"Chat", &values, keys, COUNT(keys)};

static const struct input_field fields[] = {
	INPUT_NODE(in, messages, .is_required = true),
	INPUT_TEXT(in, model, .max = MODEL_MAX),
	INPUT_TEXT(in, systemPrompt, .max = SYSTEM_PROMPT_MAX),
	INPUT_NUMBER(in, temperature, .min = 0, .max = 2),
	INPUT_INT(in, max_tokens, .min = 1, .max = MAX_TOKENS_MAX),
	INPUT_BOOL(in, stream),
	INPUT_TEXT(in, session_id, .max = SESSION_ID_MAX),
	INPUT_TEXT(in, session_secret, .max = SESSION_SECRET_MAX),
};

struct err *conversation_read(struct req *rq, struct in *out)
{
	return input_parse(rq, fields, COUNT(fields), out);
}

static const char *element(struct ctx *cx, size_t i, const char *member)
{
	return arena_printf(cx->arena, "messages[%zu]%s", i, member);
}

static struct err *read_role(struct ctx *cx, const struct cJSON *node, size_t i,
                             enum chat_role *out)
{
	const char *name = json_text_at(node, "role");

	for (*out = CHAT_SYSTEM; *out <= CHAT_ASSISTANT; ++*out)
		if (str_equal(name, chat_role_name(*out)))
			return NULL;
	FAIL_FIELD(cx, element(cx, i, ".role"), "must be system, user or assistant");
}

/* An assistant that said nothing is the place holder some pages keep; a user must have spoken. */
static struct err *read_message(struct ctx *cx, const struct cJSON *node, size_t i,
                                struct chat_message *out)
{
	if (json_type(node) != JSON_OBJECT)
		FAIL_FIELD(cx, element(cx, i, ""), "must be an object");
	TRY(read_role(cx, node, i, &out->role));
	out->content = json_text_at(node, "content");
	if (!out->content)
		FAIL_FIELD(cx, element(cx, i, ".content"), "must be a string");
	if (out->role == CHAT_USER && str_is_blank(out->content))
		FAIL_FIELD(cx, element(cx, i, ".content"), "must not be empty");
	return NULL;
}

/* All are checked, those too that are left out. */
static struct err *read_messages(struct ctx *cx, const struct cJSON *list, bool heeds_system,
                                 struct chat_message *out, size_t *n_out)
{
	size_t i = 0, bytes = 0;

	*n_out = 0;
	for (const struct cJSON *node = json_first(list); node; node = json_next(node), i++) {
		struct chat_message *m = &out[*n_out];

		TRY(read_message(cx, node, i, m));
		bytes += strlen(m->content);
		*n_out += heeds_system || m->role != CHAT_SYSTEM;
	}
	if (bytes > CONTENT_BYTES_MAX)
		return err_field(cx, ERR_TOO_LARGE, "messages", WHERE,
		                 "hold more than %zu bytes of content", CONTENT_BYTES_MAX);
	return NULL;
}

static unsigned tokens_allowed(const struct in *in)
{
	bool is_less = in->max_tokens && in->max_tokens < values.max_tokens;

	return (unsigned)(is_less ? in->max_tokens : values.max_tokens);
}

struct err *conversation_order(struct ctx *cx, const struct in *in, bool has_key,
                               struct chat_order *out)
{
	bool                 heeds_system = has_key || values.is_open;
	struct chat_message *messages = NEW_ARRAY(cx->arena, struct chat_message, MESSAGES_MAX + 1);
	size_t               count, n = 0, read_n;

	if (json_type(in->messages) != JSON_ARRAY)
		FAIL_FIELD(cx, "messages", "must be an array");
	count = json_count(in->messages);
	if (count == 0 || count > MESSAGES_MAX)
		FAIL_FIELD(cx, "messages", "must have 1 to %d elements", MESSAGES_MAX);
	if (heeds_system && !str_is_blank(in->systemPrompt))
		messages[n++] = (struct chat_message){CHAT_SYSTEM, in->systemPrompt};
	TRY(read_messages(cx, in->messages, heeds_system, messages + n, &read_n));
	if (!read_n)
		FAIL_FIELD(cx, "messages", "must have one of a user or an assistant");
	*out = (struct chat_order){
		.session = in->session_id,
		.messages = messages,
		.n = n + read_n,
		.model = in->model,
		.temperature = in->temperature.is_set ? in->temperature.value : values.temperature,
		.max_tokens = tokens_allowed(in),
	};
	return NULL;
}

int64_t conversation_tokens(const struct chat_order *order)
{
	size_t tokens = 0;

	for (size_t i = 0; i < order->n; i++)
		tokens += prompt_tokens(order->messages[i].content);
	return (int64_t)tokens;
}
