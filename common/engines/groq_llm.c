/* groq_llm.c -- chat completions of Groq. */
#include "engines.h"
#include "openai_chat.h"
#include "upstream.h"

#define VENDOR_URL "https://api.groq.com"

static struct settings {
	const char *key, *base_url, *model, *models;
	int64_t     daily_tokens;
} settings;

static const struct cfg_key keys[] = {
	CFG_KEY_STR(settings, key, "GROQ_API_KEY", .flags = CFG_SECRET, .help = "key for Groq"),
	CFG_KEY_URL(settings, base_url, "GROQ_BASE_URL", .fallback = VENDOR_URL,
                .help = "Groq, or a compatible server, which needs no key"),
	CFG_KEY_INT(settings, daily_tokens, "GROQ_DAILY_TOKENS", .fallback = "20000000", .min = 0,
                .max = INT64_C(1) << 50,
                .help = "tokens bought of Groq in a day (UTC); then others answer; 0: no limit"),
	CFG_KEY_STR(settings, model, "GROQ_MODEL", .fallback = "llama-3.3-70b-versatile",
                .help = "the chat model asked for when the caller names none"),
	CFG_KEY_LIST(settings, models, "GROQ_MODELS",
                 .fallback = "llama-3.1-8b-instant,openai/gpt-oss-20b,openai/gpt-oss-120b",
                 .help = "other chat models a caller may name"),
};
static const struct cfg_group groq_settings = {"Groq chat", &settings, keys, COUNT(keys)};

static bool is_configured(void)
{
	return upstream_is_configured(settings.key, settings.base_url, VENDOR_URL);
}

static struct err *begin(struct ctx *cx, const struct chat_order *order, struct chat_call **out)
{
	const struct chat_service service = {
		.provider = &groq_llm.p,
		.base_url = settings.base_url,
		.prefix = "/openai/v1",
		.key = settings.key,
		.model = settings.model,
		.models = settings.models,
		.max_tokens_name = "max_completion_tokens",
	};

	return openai_chat_begin(cx, &service, order, out);
}

struct llm_engine groq_llm = {
	.p = {.name = "groq",
          .settings = &groq_settings,
          .base_url = &settings.base_url,
          .unit = METER_TOKENS,
          .daily_max = &settings.daily_tokens,
          .is_configured = is_configured},
	.begin = begin,
	.end = openai_chat_end,
};
