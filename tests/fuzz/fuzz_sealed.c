/* fuzz_sealed.c -- sealed texts that somebody made up, changed or moved, and what is read of those
 * that open.
 *
 *   open        the rest, as it may stand in the database, in whatever form and of whatever age
 *   edit        the next line, sealed, is changed by the rest: where, how, with what
 *   token       the same of the token behind a link in our mails
 *   memory      the rest is sealed, and read as the original of a memory's columns,
 *   extract     of an extract's,
 *   names       or is itself the list that tells where names are sealed
 *
 * What was changed opens nowhere, what was moved neither; what is read are clean strings. */
#include "../../common/base/json_in.h"
#include "../../common/base/log.h"
#include "../../common/base/utf8.h"
#include "../../common/base/vault.h"
#include "../../common/store/memory_seal.h"
#include "../../common/store/sealed.h"
#include "../../common/work/mail.h"
#include "fuzz.h"

#include <assert.h>

#define ID      "8c5a3d9e-0f6b-4b21-9d27-51d6a3c0e7f4"
#define HERE    AT_UTTERANCE(ID)
#define LATER_S INT64_C(4000000000)

/* ---- a text ---- */

static void check_opens(struct ctx *cx, const char *sealed, struct span plain)
{
	struct span opened;

	assert(vault_open(cx->arena, HERE, sealed, &opened) && span_equal(opened, plain));
}

/* Elsewhere only what is of the time before there were places. */
static void open_text(struct ctx *cx, struct span text)
{
	const char *sealed = arena_strndup(cx->arena, text.ptr, text.len);
	bool        is_bound = !span_starts(text, SPAN("sealed:v1:"));
	struct span plain, moved;

	if (!vault_open(cx->arena, HERE, sealed, &plain))
		return;
	assert(plain.ptr[plain.len] == '\0');
	assert(vault_open(cx->arena, AT_MEMORY(ID), sealed, &moved) == !is_bound);
	check_opens(cx, vault_seal(cx->arena, HERE, plain), plain);
}

/* ---- changes ---- */

/* Three bytes each: where, what, and by what. Returns the new length. */
static size_t change(char *text, size_t len, size_t room, struct span edits)
{
	while (edits.len >= 3) {
		size_t at = len ? (unsigned char)edits.ptr[0] * 7 % len : 0;

		if ((unsigned char)edits.ptr[1] % 3 == 0 && len < room) {
			memmove(text + at + 1, text + at, len++ - at);
			text[at] = edits.ptr[2];
		} else if ((unsigned char)edits.ptr[1] % 3 == 1 && len) {
			memmove(text + at, text + at + 1, --len - at);
		} else if (len) {
			text[at] = (char)(text[at] ^ edits.ptr[2]);
		}
		edits.ptr += 3;
		edits.len -= 3;
	}
	return len;
}

static const char *changed(struct ctx *cx, const char *text, struct span edits)
{
	size_t len = strlen(text), room = len + edits.len / 3;
	char  *out = arena_alloc(cx->arena, room + 1);

	memcpy(out, text, len);
	len = change(out, len, room, edits);
	out[len] = '\0';
	return out;
}

/* A text's end may have padding or not, which says nothing. */
static bool is_the_same(const char *a, const char *b)
{
	size_t a_len = strlen(a), b_len = strlen(b);

	while (a_len && a[a_len - 1] == '=')
		a_len--;
	while (b_len && b[b_len - 1] == '=')
		b_len--;
	return a_len == b_len && memcmp(a, b, a_len) == 0;
}

static void edit(struct ctx *cx, struct span rest)
{
	struct span plain = fuzz_line(&rest), opened;
	const char *sealed = vault_seal(cx->arena, HERE, plain);
	const char *other = changed(cx, sealed, rest);

	check_opens(cx, sealed, plain);
	assert(!vault_open(cx->arena, AT_GIVEN_NAME(ID), sealed, &opened));
	if (vault_open(cx->arena, HERE, other, &opened))
		assert(is_the_same(sealed, other) && span_equal(opened, plain));
}

static void token(struct ctx *cx, struct span rest)
{
	const char       *link = mail_link(cx, ID, LATER_S);
	const char       *ours = strchr(link, '=') + 1, *other = changed(cx, ours, rest);
	struct mail_token out;

	assert(mail_token_read(cx, span_of(ours), &out) && str_equal(out.signup_id, ID));
	assert(str_equal(ours, other) || !mail_token_read(cx, span_of(other), &out));
	assert(!mail_token_read(cx, rest, &out));
}

/* ---- what stands in one ---- */

static struct span seal(struct ctx *cx, struct place at, struct span plain)
{
	return span_of(vault_seal(cx->arena, at, plain));
}

static void check_text(const char *text)
{
	assert(!text || utf8_is_valid(span_of(text)));
}

static void memory(struct ctx *cx, struct span rest)
{
	struct memory_parts parts;

	if (!memory_unseal(cx, ID, seal(cx, AT_MEMORY(ID), rest).ptr, &parts))
		return;
	assert(parts.content);
	check_text(parts.content);
	check_text(parts.summary);
	check_text(parts.speaker);
	check_text(parts.words);
	check_text(parts.tags);
	check_text(parts.metadata);
	check_text(parts.source_id);
}

static void extract(struct ctx *cx, struct span rest)
{
	struct extract x = {.intent = INTENT_COLLABORATION};

	extract_open(cx, ID, seal(cx, AT_EXTRACT(ID), rest), &x);
	for (size_t i = 0; i < ENTITY_COUNT; i++)
		check_text(x.entities.text[i]);
	assert(x.n_actions <= EXTRACT_ACTIONS_MAX);
	for (size_t i = 0; i < x.n_actions; i++)
		check_text(x.followup_actions[i]);
}

/* As the list, and as what one of its texts says. */
static void names(struct ctx *cx, struct span rest)
{
	const struct place at = AT_SESSION("names_sealed", ID);
	struct names       found;
	const char        *list;

	names_open(cx, arena_strndup(cx->arena, rest.ptr, rest.len), &found);
	list = arena_printf(cx->arena,
	                    "[{\"table\":\"%s\",\"column\":\"%s\",\"row\":\"%s\",\"sealed\":\"%s\"}]",
	                    at.table, at.column, at.row, seal(cx, at, rest).ptr);
	names_open(cx, list, &found);
	names_hash(cx, &found);
}

static const struct {
	const char *name;
	void (*run)(struct ctx *cx, struct span rest);
} operations[] = {
	{"open", open_text}, {"edit", edit},       {"token", token},
	{"memory", memory},  {"extract", extract}, {"names", names},
};

static void start(void)
{
	const struct cfg_group *const groups[] = {&vault_settings, &mail_settings};

	crypto_start();
	json_start();
	log_setup("fuzz", LOG_ERROR);
	setenv("SCRIBE_DATA_KEY", "the first data key of this test", 1);
	setenv("SCRIBE_DATA_KEY_FORMER", "a data key of the time before it", 1);
	assert(cfg_load(groups, COUNT(groups)) == 0 && vault_start() == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static bool is_started;
	struct ctx  cx = fuzz_begin();
	struct span rest = {(const char *)bytes, len}, name = fuzz_line(&rest);

	if (!is_started)
		start();
	is_started = true;
	for (size_t i = 0; i < COUNT(operations); i++)
		if (span_equal(name, span_of(operations[i].name)))
			operations[i].run(&cx, rest);
	return fuzz_end(&cx);
}
