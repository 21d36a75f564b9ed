/* lexicon.h -- the word lists and patterns of lead.words. */
#ifndef LEXICON_H
#define LEXICON_H

#include "../text/phrases.h"
#include "common/domain/lead/lead.words.h"

#define LIST(name) LEAD_LIST(name)

#endif
