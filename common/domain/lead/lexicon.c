/* lexicon.c -- where the tables of lead.words are. */
#define LEAD_WORDS_TABLES
#include "lexicon.h"
