/* closing.c -- a line for each language we know a little of. */
#include "closing.h"

static struct language_lines values;

static const struct cfg_key keys[] = {
	CFG_KEY_STR(language_lines, de, "CUT_SHORT_LINE_DE",
                .fallback = "Entschuldigung, ich habe den Faden verloren.",
                .help = "the same in German"),
	CFG_KEY_STR(language_lines, en, "CUT_SHORT_LINE_EN",
                .fallback = "Sorry, I lost my thread there.",
                .help = "what ends a reply whose model failed after some of it had been said"),
	CFG_KEY_STR(language_lines, es, "CUT_SHORT_LINE_ES", .fallback = "Perdón, he perdido el hilo.",
                .help = "the same in Spanish"),
	CFG_KEY_STR(language_lines, fr, "CUT_SHORT_LINE_FR",
                .fallback = "Excusez-moi, j'ai perdu le fil.", .help = "the same in French"),
	CFG_KEY_STR(language_lines, it, "CUT_SHORT_LINE_IT", .fallback = "Scusi, ho perso il filo.",
                .help = "the same in Italian"),
	CFG_KEY_STR(language_lines, pt, "CUT_SHORT_LINE_PT",
                .fallback = "Desculpe, perdi o fio à meada.", .help = "the same in Portuguese"),
};

const struct cfg_group closing_settings = {"Cut short", &values, keys, COUNT(keys)};

const char *closing_line(enum language language)
{
	return language_line(&values, language);
}
