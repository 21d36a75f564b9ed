/* tool_text.h -- finds tool calls that a model wrote into its text instead of making them. */
#ifndef TOOL_TEXT_H
#define TOOL_TEXT_H

#include "../../base/base.h"

/* What a scan of one text remembers, so that the whole walk stays linear: a
 * closing mark that was not found once is not looked for again. Start zeroed. */
struct tool_scan {
	bool     ignores_quotes; /* a quote inside a block never closes */
	unsigned unclosed;       /* bit per kind of tag */
};

/* Is there such a fragment at text[at]? Its length goes to *len_out. Call with
 * `at` at the beginning of a word or at a mark, never inside a word. */
bool tool_text_at(struct tool_scan *scan, struct span text, size_t at, size_t *len_out);

#endif
