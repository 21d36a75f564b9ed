/* Keys and tokens from outside: nothing gets in that was not signed by us. */
#include "fuzz.h"

#include "../../common/base/crypto.h"
#include "../../common/base/json_in.h"
#include "../../common/web/keys.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static bool             is_ready;
	const struct cfg_group *group = &keys_settings;
	struct ctx              cx = fuzz_begin();
	struct channel_key      key;
	const char             *text = arena_strndup(cx.arena, (const char *)bytes, len);

	if (!is_ready) {
		crypto_start();
		json_start();
		setenv("SCRIBE_ANON_KEY", "a key no fuzzer will guess: 9b1c7f", 1);
		setenv("SCRIBE_JWT_SECRET", "a secret no fuzzer will guess: 51d0aa", 1);
		is_ready = cfg_load(&group, 1) == 0;
	}
	assert(!keys_accept(&cx, text, text));
	assert(!keys_subject(&cx, text, text));
	assert(!keys_read_channel(&cx, text, &key));
	return fuzz_end(&cx);
}
