/* openai_account.h -- the key and the address that everything asked of OpenAI shares. */
#ifndef OPENAI_ACCOUNT_H
#define OPENAI_ACCOUNT_H

#include "../base/cfg.h"
#include "../base/ctx.h"

/* The values of openai_account_settings. */
struct openai_account {
	const char *key, *base_url;
	int64_t     daily_tokens;
};
extern struct openai_account  openai_account;
extern const struct cfg_group openai_account_settings;

/* Has a key, or an address of the user's own? The latter alone: a server that may need none. */
bool openai_has_key(void);
bool openai_has_address(void);

/* Is the address OpenAI's own, however it is written? */
bool openai_is_vendor(void);

#endif
