/* mode.c -- the seven personas.
 *
 * A persona says who speaks, how it sounds, what it is curious about and what
 * it never does. What all have in common (spoken style, length, honesty, data
 * is no order) is said once by the prompt, not here. */
#include "mode.h"

#include "../../base/str.h"

static const struct {
	const char *name, *title, *manner;
} modes[] = {
#define X(mode, name_, title_, manner_) \
	[mode].name = (name_), [mode].title = (title_), [mode].manner = (manner_),
	MODES(X)
#undef X
};

static const struct {
	const char *name, *text;
} personas[] = {
#define X(name, text) {#name, text},
#include "common/domain/talk/personas.tsv.h"
#undef X
};

bool mode_find(const char *name, enum mode *out)
{
	for (size_t i = 0; i < COUNT(modes); i++) {
		if (str_equal(name, modes[i].name)) {
			*out = (enum mode)i;
			return true;
		}
	}
	return false;
}

const char *mode_name(enum mode mode)
{
	return modes[mode].name;
}

const char *mode_title(enum mode mode)
{
	return modes[mode].title;
}

const char *mode_manner(enum mode mode)
{
	return modes[mode].manner;
}

const char *mode_persona(enum mode mode)
{
	for (size_t i = 0; i < COUNT(personas); i++)
		if (str_equal(personas[i].name, modes[mode].name))
			return personas[i].text;
	return "";
}

unsigned mode_sentences_max(bool is_performer)
{
	return is_performer ? 4 : 2;
}
