/* stretch_key.c -- the tool with which scripts/stack makes keys of passphrases: prints the key that
 * SCRIBE_DATA_KEY, or the setting named, stands for; nothing where that is no passphrase. */
#include "../../common/base/fatal.h"
#include "../../common/base/vault.h"

int main(int argc, char **argv)
{
	const struct cfg_group *const groups[] = {&vault_settings};
	bool        is_former = argc > 1 && str_equal(argv[1], "SCRIBE_DATA_KEY_FORMER");
	const char *before;

	crypto_start();
	if (cfg_load(groups, COUNT(groups)))
		return 1;
	before = vault_key_text(is_former);
	if (vault_stretch())
		return 1;
	if (before != vault_key_text(is_former))
		printf("%s\n", vault_key_text(is_former));
	return 0;
}
