/* openai_account.c -- OPENAI_API_KEY and OPENAI_BASE_URL, defined once. */
#include "openai_account.h"

#define VENDOR_HOST "https://api.openai.com"
#define VENDOR_URL  VENDOR_HOST "/v1"

struct openai_account openai_account;

static const struct cfg_key keys[] = {
	CFG_KEY_STR(openai_account, key, "OPENAI_API_KEY", .flags = CFG_SECRET,
                .help = "key for OpenAI"),
	CFG_KEY_INT(openai_account, daily_tokens, "OPENAI_DAILY_TOKENS", .fallback = "20000000",
                .min = 0, .max = INT64_C(1) << 50,
                .help = "tokens bought of OpenAI in a day (UTC), of chat and embedding together; "
                        "0: no limit"),
	CFG_KEY_URL(openai_account, base_url, "OPENAI_BASE_URL", .fallback = VENDOR_URL,
                .help = "OpenAI or a compatible server (Ollama, vLLM), which needs no key"),
};
const struct cfg_group openai_account_settings = {"OpenAI", &openai_account, keys, COUNT(keys)};

bool openai_has_key(void)
{
	return !str_is_blank(openai_account.key);
}

bool openai_has_address(void)
{
	return !str_equal(openai_account.base_url, VENDOR_URL);
}

bool openai_is_vendor(void)
{
	return span_starts(span_of(openai_account.base_url), SPAN(VENDOR_HOST));
}
