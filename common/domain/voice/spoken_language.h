/* spoken_language.h -- the languages recognisers know, however somebody writes them. Pure. */
#ifndef SPOKEN_LANGUAGE_H
#define SPOKEN_LANGUAGE_H

#include <stdbool.h>

/* The code of ISO 639-1 (or, for three languages without one, Whisper's own) that a recogniser
 * takes: of a code in any case ("EN"), with a region or a script ("en-US", "zh_Hant_TW"), or of the
 * English name ("english", "Haitian Creole"). NULL for NULL, "", "auto" and what is no language:
 * the recogniser is to find out. */
const char *spoken_language_code(const char *written);

/* May somebody mean a language by it, or that it is to be found out? NULL, "", "auto", what
 * spoken_language_code() knows; and a code of two or three letters, with a region or without, for
 * pages send what their browser is set to: a recogniser that does not know it finds out. */
bool spoken_language_may_be(const char *written);

#endif
