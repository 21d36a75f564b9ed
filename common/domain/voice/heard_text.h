/* heard_text.h -- what a recogniser wrote: without the sounds it describes and the loops it falls
 * into, and whether it is one of the phrases that it writes when nobody spoke. Pure. */
#ifndef HEARD_TEXT_H
#define HEARD_TEXT_H

#include "../../base/arena.h"
#include "../../base/str.h"

/* The words with single spaces. Left out are notes, what stands in brackets and is a sound
 * ("[Music]", "(upbeat music)", "*sighs*", but not "(555)" or "(maybe)"), and what a loop says once
 * more: a sentence of three words or more, a phrase several times, "to to to to". What people do
 * repeat stays: "No no no.", "Bye bye.", digits. "" where nothing is left but a loop's word. */
const char *heard_text_clean(struct arena *a, const char *text) NEVER_NULL;

enum heard_kind {
	HEARD_WORDS,  /* anything else */
	HEARD_ANSWER, /* one word that people answer with, and music hardly makes recognisers write */
	HEARD_STOCK,  /* "Thank you.", "you": said by people, and written for noise and silence */
	HEARD_OUTRO,  /* how films end, in many languages: nobody says that to us */
};
/* Of a whole clean text. */
enum heard_kind heard_text_kind(const char *text);

#endif
