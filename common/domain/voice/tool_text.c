/* tool_text.c -- leaked tool calls.
 *
 * Seen in the wild: save_extract{...}, Save_extract: ..., <function=name>{...}
 * </function>, <tool_call>...</tool_call>, [TOOL_CALL ...], fenced JSON, bare
 * JSON. A block that never closes reaches to the end of the text: half a tool
 * call is no speech either. Nesting is counted, not recursed. */
#include "tool_text.h"

#include "../../base/str.h"

#include <ctype.h>

static const char *const known_tools[] = {
	"save_extract",      "save_memory",  "recall_memories", "collect_email", "create_session",
	"summarize_session", "extract_lead", "tool_call",       "tool_calls",    "function_call",
};

/* Opening tag, closing tag. */
static const struct {
	struct span open, close;
} tags[] = {
	{SPAN("<function_calls>"), SPAN("</function_calls>")},
	{SPAN("<tool_calls>"), SPAN("</tool_calls>")},
	{SPAN("<invoke"), SPAN("</invoke>")},
	{SPAN("<function"), SPAN("</function>")},
	{SPAN("<tool_call>"), SPAN("</tool_call>")},
	{SPAN("<tool_code>"), SPAN("</tool_code>")},
	{SPAN("<|python_tag|>"), SPAN("\n")},
};

static struct span from(struct span text, size_t at)
{
	return (struct span){text.ptr + at, text.len - at};
}

static size_t skip_blank(struct span text, size_t at)
{
	while (at < text.len && isspace((unsigned char)text.ptr[at]))
		at++;
	return at;
}

/* Not for U+0000, which would be found in every set. */
static bool is_one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

/* Index behind the block that opens at `at`; 0 when it does not close. Brackets of
 * all kinds count together: only the depth matters. */
static size_t balance(struct span text, size_t at, bool knows_quotes)
{
	bool   in_quotes = false;
	size_t depth = 0;

	for (size_t i = at; i < text.len; i++) {
		char c = text.ptr[i];

		if (c == '\\' && in_quotes)
			i++;
		else if (c == '"' && knows_quotes)
			in_quotes = !in_quotes;
		else if (!in_quotes && is_one_of(c, "{[("))
			depth++;
		else if (!in_quotes && is_one_of(c, "}])") && --depth == 0)
			return i + 1;
	}
	return 0;
}

/* The same; text.len when it never closes. Quotes are first believed and, once
 * a block did not close that way, ignored for the rest of the scan. */
static size_t block_end(struct tool_scan *scan, struct span text, size_t at)
{
	size_t end = scan->ignores_quotes ? 0 : balance(text, at, true);

	if (end)
		return end;
	scan->ignores_quotes = true;
	end = balance(text, at, false);
	return end ? end : text.len;
}

/* Where the sentence or line ends that begins at `at`. */
static size_t sentence_end(struct span text, size_t at)
{
	for (; at < text.len && text.ptr[at] != '\n'; at++)
		if (is_one_of(text.ptr[at], ".!?") &&
		    (at + 1 == text.len || isspace((unsigned char)text.ptr[at + 1])))
			return at + 1;
	return at;
}

static bool tag_at(struct tool_scan *scan, struct span text, size_t at, size_t *len_out)
{
	for (size_t i = 0; i < COUNT(tags); i++) {
		const char *close = NULL;
		size_t      open_end, brace;

		if (!span_starts_nocase(from(text, at), tags[i].open))
			continue;
		open_end = at + tags[i].open.len;
		if (!(scan->unclosed & 1u << i))
			close = memmem(text.ptr + open_end, text.len - open_end, tags[i].close.ptr,
			               tags[i].close.len);
		if (close) {
			*len_out = (size_t)(close - text.ptr) + tags[i].close.len - at;
			return true;
		}
		scan->unclosed |= 1u << i;
		/* Without its closing tag a call ends with its arguments. */
		while (open_end < text.len && !is_one_of(text.ptr[open_end], ">{\n"))
			open_end++;
		brace = skip_blank(text, open_end < text.len && text.ptr[open_end] == '>' ? open_end + 1
		                                                                          : open_end);
		*len_out = brace < text.len && text.ptr[brace] == '{' ? block_end(scan, text, brace) - at
		                                                      : text.len - at;
		return true;
	}
	return false;
}

/* ``` fences: tool text when JSON or a call is inside, else only marks. */
static bool fence_at(struct span text, size_t at, size_t *len_out)
{
	static const struct span labels[] = {SPAN("json"), SPAN("tool"), SPAN("function")};
	size_t                   body = at + 3;
	const char              *close;
	bool                     is_tool = false;

	if (!span_starts(from(text, at), SPAN("```")))
		return false;
	for (size_t i = 0; i < COUNT(labels); i++)
		is_tool |= span_starts_nocase(from(text, body), labels[i]);
	while (body < text.len && (isalnum((unsigned char)text.ptr[body]) || text.ptr[body] == '_'))
		body++;
	body = skip_blank(text, body);
	is_tool |= body < text.len && is_one_of(text.ptr[body], "{[<");
	if (!is_tool)
		return false;
	close = memmem(text.ptr + body, text.len - body, "```", 3);
	*len_out = close ? (size_t)(close - text.ptr) + 3 - at : text.len - at;
	return true;
}

/* [TOOL_CALL ...] with what follows it up to its closing mark or block. */
static bool bracket_at(struct tool_scan *scan, struct span text, size_t at, size_t *len_out)
{
	struct span rest = from(text, at);
	size_t      end, body;

	if (!span_starts_nocase(rest, SPAN("[TOOL_")) && !span_starts_nocase(rest, SPAN("[/TOOL_")) &&
	    !span_starts_nocase(rest, SPAN("[FUNCTION_CALL")))
		return false;
	end = block_end(scan, text, at);
	body = skip_blank(text, end);
	if (body < text.len && is_one_of(text.ptr[body], "{[") &&
	    !span_starts_nocase(from(text, body), SPAN("[pause")))
		end = block_end(scan, text, body);
	if (span_starts_nocase(from(text, skip_blank(text, end)), SPAN("[/TOOL_")))
		end = block_end(scan, text, skip_blank(text, end));
	*len_out = end - at;
	return true;
}

/* { "name": ... } standing alone. */
static bool json_at_mark(struct tool_scan *scan, struct span text, size_t at, size_t *len_out)
{
	size_t inner = skip_blank(text, at + 1);

	if (inner >= text.len || text.ptr[inner] != '"')
		return false;
	*len_out = block_end(scan, text, at) - at;
	return true;
}

static bool is_known_tool(struct span name)
{
	for (size_t i = 0; i < COUNT(known_tools); i++)
		if (span_equal_nocase(name, span_of(known_tools[i])))
			return true;
	return false;
}

/* name{...}, name({...}); for the tools we know also name(...), name[...], name: ... */
static bool name_at(struct tool_scan *scan, struct span text, size_t at, size_t *len_out)
{
	size_t      end = at, next;
	struct span name;
	bool        is_known, is_call;

	while (end < text.len && (isalnum((unsigned char)text.ptr[end]) || text.ptr[end] == '_'))
		end++;
	name = (struct span){text.ptr + at, end - at};
	if (!name.len || !memchr(name.ptr, '_', name.len))
		return false;
	is_known = is_known_tool(name);
	next = is_known ? skip_blank(text, end) : end;
	if (is_known && next < text.len && is_one_of(text.ptr[next], ":=")) {
		next = skip_blank(text, next + 1);
		*len_out = next < text.len && is_one_of(text.ptr[next], "{[(")
		               ? block_end(scan, text, next) - at
		               : sentence_end(text, next) - at;
		return true;
	}
	is_call = next < text.len &&
	          (text.ptr[next] == '{' || (is_known && is_one_of(text.ptr[next], "[(")) ||
	           span_starts(from(text, next), SPAN("({")));
	if (!is_call)
		return false;
	*len_out = block_end(scan, text, next) - at;
	return true;
}

bool tool_text_at(struct tool_scan *scan, struct span text, size_t at, size_t *len_out)
{
	switch (text.ptr[at]) {
	case '<':
		return tag_at(scan, text, at, len_out);
	case '`':
		return fence_at(text, at, len_out);
	case '[':
		return bracket_at(scan, text, at, len_out);
	case '{':
		return json_at_mark(scan, text, at, len_out);
	default:
		return name_at(scan, text, at, len_out);
	}
}
