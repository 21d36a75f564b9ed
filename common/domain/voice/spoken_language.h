/* spoken_language.h -- the languages recognisers know, however somebody writes them. Pure. */
#ifndef SPOKEN_LANGUAGE_H
#define SPOKEN_LANGUAGE_H

/* The code of ISO 639-1 (or, for three languages without one, Whisper's own) that a recogniser
 * takes: of a code in any case ("EN"), with a region or a script ("en-US", "zh_Hant_TW"), or of the
 * English name ("english", "Haitian Creole"). NULL for NULL, "", "auto" and what is no language:
 * the recogniser is to find out. */
const char *spoken_language_code(const char *written);

#endif
