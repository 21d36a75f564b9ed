/* openai_llm.c -- chat completions of OpenAI, or of any server that speaks its protocol. */
#include "engines.h"
#include "openai_chat.h"
#include "upstream.h"

#define VENDOR_URL "https://api.openai.com/v1"

static struct settings {
	const char *key, *base_url, *model, *models;
} settings;

static const struct cfg_key keys[] = {
	CFG_KEY_STR(settings, key, "OPENAI_API_KEY", .flags = CFG_SECRET, .help = "key for OpenAI"),
	CFG_KEY_URL(settings, base_url, "OPENAI_BASE_URL", .fallback = VENDOR_URL,
                .help = "OpenAI or a compatible server (Ollama, vLLM), which needs no key"),
	CFG_KEY_STR(settings, model, "OPENAI_MODEL", .fallback = "gpt-4o-mini",
                .help = "the chat model asked for when the caller names none"),
	CFG_KEY_LIST(settings, models, "OPENAI_MODELS", .fallback = "gpt-4o,gpt-4.1-mini,gpt-4.1-nano",
                 .help = "other chat models a caller may name"),
};
static const struct cfg_group openai_settings = {"OpenAI chat", &settings, keys, COUNT(keys)};

static bool is_vendor(void)
{
	return strncmp(settings.base_url, "https://api.openai.com", 22) == 0;
}

static bool is_configured(void)
{
	return upstream_is_configured(settings.key, settings.base_url, VENDOR_URL);
}

static struct err *complete(struct ctx *cx, const struct chat_order *order, struct chat_reply *out)
{
	const struct chat_service service = {
		.base_url = settings.base_url,
		.prefix = "/v1",
		.key = settings.key,
		.model = settings.model,
		.models = settings.models,
		/* Servers that copy the protocol often know only the older name. */
		.max_tokens_name = is_vendor() ? "max_completion_tokens" : "max_tokens",
		.asks_usage = true,
	};

	return openai_chat(cx, &service, order, out);
}

struct llm_engine openai_llm = {
	.p = {.name = "openai", .settings = &openai_settings, .is_configured = is_configured},
	.complete = complete,
};
