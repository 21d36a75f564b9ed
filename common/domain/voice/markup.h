/* markup.h -- the forms of markup at the front of a text: how many bytes they are, 0 for none.
 *
 * Each looks ahead a bounded way, so a walk that asks at every place stays linear. */
#ifndef MARKUP_H
#define MARKUP_H

#include "../../base/str.h"

/* <p>, </b>, <br/>, <a href="...">, <!-- -->. Words on both sides stay apart when *divides_out. */
size_t markup_tag(struct span text, bool *divides_out);

/* &amp; &#39; &#x27; &nbsp; and the other names of HTML 4 for Latin letters and what prose is made
 * of, and \* : the character goes to *out. */
size_t markup_character(struct span text, uint32_t *out);

/* [1], [2, 3], [^4], 【4:0†source】. */
size_t markup_citation(struct span text);

/* What makes a line a heading, a quotation, an item of a list or a task, or all of a line that only
 * draws. `item` is the number of the list's item before and becomes this one's; start with 0. */
size_t markup_line(struct span text, unsigned *item);

#endif
