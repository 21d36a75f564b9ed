/* distress.c -- a line for each language in which danger is heard. */
#include "distress.h"

static struct language_lines values;

static const struct cfg_key keys[] = {
	CFG_KEY_STR(language_lines, de, "DISTRESS_LINE_DE",
                .fallback = "Das nehme ich ernst, und es tut mir leid. Bitte rufen Sie jetzt den "
                            "Notruf oder ein Krisentelefon an, oder gehen Sie zu einem Menschen in "
                            "Ihrer Nähe.",
                .help = "the same in German"),
	CFG_KEY_STR(language_lines, en, "DISTRESS_LINE_EN",
                .fallback = "I take that seriously, and I'm sorry you are carrying this. Please "
                            "call the emergency services or a crisis line now, or go to someone "
                            "near you.",
                .help = "what is said first to somebody in danger; with your own numbers, if you "
                        "know where you are heard"),
	CFG_KEY_STR(language_lines, es, "DISTRESS_LINE_ES",
                .fallback = "Lo tomo en serio y lo siento mucho. Por favor, llame ahora a "
                            "emergencias o a una línea de ayuda, o acuda a alguien que esté cerca.",
                .help = "the same in Spanish"),
	CFG_KEY_STR(language_lines, fr, "DISTRESS_LINE_FR",
                .fallback = "Je prends cela au sérieux, et j'en suis désolé. S'il vous plaît, "
                            "appelez maintenant les secours ou une ligne d'écoute, ou allez vers "
                            "quelqu'un près de vous.",
                .help = "the same in French"),
	CFG_KEY_STR(language_lines, it, "DISTRESS_LINE_IT",
                .fallback = "Lo prendo sul serio e mi dispiace. Per favore, chiami adesso i "
                            "soccorsi o una linea di aiuto, o vada da qualcuno vicino a lei.",
                .help = "the same in Italian"),
	CFG_KEY_STR(language_lines, pt, "DISTRESS_LINE_PT",
                .fallback = "Levo isso a sério e sinto muito. Por favor, ligue agora para a "
                            "emergência ou para uma linha de apoio, ou procure alguém perto de si.",
                .help = "the same in Portuguese"),
};

const struct cfg_group distress_settings = {"Distress", &values, keys, COUNT(keys)};

const char *distress_line(enum language language)
{
	return language_line(&values, language);
}
