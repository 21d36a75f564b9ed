/* openai_llm.c -- chat completions of OpenAI, or of any server that speaks its protocol. */
#include "engines.h"
#include "openai_account.h"
#include "openai_chat.h"

static struct settings {
	const char *model, *models;
} settings;

static const struct cfg_key keys[] = {
	CFG_KEY_STR(settings, model, "OPENAI_MODEL", .fallback = "gpt-4o-mini",
                .help = "the chat model asked for when the caller names none"),
	CFG_KEY_LIST(settings, models, "OPENAI_MODELS", .fallback = "gpt-4o,gpt-4.1-mini,gpt-4.1-nano",
                 .help = "other chat models a caller may name"),
};
static const struct cfg_group openai_settings = {"OpenAI chat", &settings, keys, COUNT(keys)};

static bool is_configured(void)
{
	return openai_has_key() || openai_has_address();
}

static struct err *begin(struct ctx *cx, const struct chat_order *order, struct chat_call **out)
{
	const struct chat_service service = {
		.provider = &openai_llm.p,
		.base_url = openai_account.base_url,
		.prefix = "/v1",
		.key = openai_account.key,
		.model = settings.model,
		.models = settings.models,
		/* Servers that copy the protocol often know only the older name. */
		.max_tokens_name = openai_is_vendor() ? "max_completion_tokens" : "max_tokens",
		.asks_usage = true,
	};

	return openai_chat_begin(cx, &service, order, out);
}

struct llm_engine openai_llm = {
	.p = {.name = "openai",
          .settings = &openai_settings,
          .account = &openai_account_settings,
          .base_url = &openai_account.base_url,
          .unit = METER_TOKENS,
          .daily_max = &openai_account.daily_tokens,
          .is_configured = is_configured},
	.begin = begin,
	.end = openai_chat_end,
};
