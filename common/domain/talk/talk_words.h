/* talk_words.h -- the word lists and patterns of acts.words. */
#ifndef TALK_WORDS_H
#define TALK_WORDS_H

#include "../text/phrases.h"
#include "common/domain/talk/acts.words.h"

/* One of the list is said in the text. */
#define SAYS(text, name) phrases_said(ACTS_LIST(name), (text))

#endif
