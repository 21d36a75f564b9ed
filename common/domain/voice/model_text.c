/* model_text.c -- a machine that reads a model's output byte by byte.
 *
 * Between marks its state says where a byte goes: to the answer, or nowhere. A reasoning that ends
 * without having begun, and a final channel, move the beginning of the answer behind themselves. */
#include "model_text.h"

#include <ctype.h>

enum mark {
	MARK_NONE, /* text */
	MARK_REASONING,
	MARK_REASONING_END,
	MARK_END,  /* of a message */
	MARK_HEAD, /* what follows says whose message it is, up to MARK_BODY */
	MARK_LINE, /* the same, up to the end of the line */
	MARK_BODY,
	MARK_IGNORED
};

/* What names of reasoning have in them, and no names of HTML. */
static const char *const reasonings[] = {"think",    "thought", "reason",    "reflect",  "scratch",
                                         "analysis", "monolog", "rationale", "deliberat"};

/* Tokens of templates that are written as tags. */
static const char tags[] = "s,eos,bos,end_of_turn,start_of_turn,end_of_text";

/* "think" of "</think>", "◁/think▷", "[/THINK]", "<think a=b>", "<|END_THINKING|>". */
struct name {
	char        bytes[MODEL_MARK_MAX];
	struct span text;
	bool        is_end, is_token; /* is_token: in bars */
};

static const struct {
	struct span from, to;
} rewritten[] = {
	{SPAN("◁"), SPAN("")}, {SPAN("▷"), SPAN("")}, {SPAN("<"), SPAN("")},   {SPAN(">"), SPAN("")},
	{SPAN("["), SPAN("")}, {SPAN("]"), SPAN("")}, {SPAN("｜"), SPAN("|")}, {SPAN("▁"), SPAN("_")},
};

static char next_char(struct span *mark)
{
	for (size_t i = 0; i < COUNT(rewritten); i++) {
		if (!span_starts(*mark, rewritten[i].from))
			continue;
		*mark = (struct span){mark->ptr + rewritten[i].from.len, mark->len - rewritten[i].from.len};
		return rewritten[i].to.len ? rewritten[i].to.ptr[0] : '\0';
	}
	return mark->len-- ? *mark->ptr++ : '\0';
}

static void read_name(struct span mark, struct name *out)
{
	size_t n = 0;

	while (mark.len) {
		char c = next_char(&mark);

		if (c == '/' && n == 0)
			out->is_end = true;
		else if (c == '|')
			out->is_token = true;
		else if (isspace((unsigned char)c))
			break;
		else if (c)
			out->bytes[n++] = c;
	}
	out->text = (struct span){out->bytes, n};
}

static enum mark token_of(struct span name)
{
	static const struct {
		const char *names;
		enum mark   mark;
	} tokens[] = {
		{"start,channel,start_header_id", MARK_HEAD},
		{"im_start,start_of_turn", MARK_LINE},
		{"message,end_header_id", MARK_BODY},
		{"im_end,return,call,user,system,s", MARK_END},
		{"python_tag", MARK_NONE}, /* a tool's */
	};

	for (size_t i = 0; i < COUNT(tokens); i++)
		if (str_find_item(tokens[i].names, name, NULL))
			return tokens[i].mark;
	if (span_starts_nocase(name, SPAN("end")) || span_starts_nocase(name, SPAN("eo")))
		return MARK_END;
	return MARK_IGNORED;
}

static bool is_reasoning(const char *name)
{
	if (strpbrk(name, ".@") || strstr(name, "://")) /* an address, a file */
		return false;
	for (size_t i = 0; i < COUNT(reasonings); i++)
		if (strcasestr(name, reasonings[i]))
			return true;
	return false;
}

static enum mark kind_of(struct span mark)
{
	struct name name = {.is_end = false};

	read_name(mark, &name);
	name.is_end |= span_starts_nocase(name.text, SPAN("end_"));
	if (is_reasoning(name.bytes))
		return name.is_end ? MARK_REASONING_END : MARK_REASONING;
	if (*mark.ptr == '[' && span_equal(name.text, SPAN("INST")))
		return name.is_end ? MARK_IGNORED : MARK_END;
	if (name.is_token)
		return token_of(name.text);
	if (*mark.ptr != '<' || !str_find_item(tags, name.text, NULL))
		return MARK_NONE;
	return span_equal_nocase(name.text, SPAN("s")) && !name.is_end ? MARK_IGNORED
	                                                               : token_of(name.text);
}

static bool is_blank(const struct model_text *m)
{
	return m->seen.len == m->from;
}

static void take_text(struct model_text *m, char c)
{
	if (m->state == MODEL_ANSWERS && !(is_blank(m) && isspace((unsigned char)c)))
		buf_char(&m->seen, c);
	else if (m->state == MODEL_HEAD && m->head_n < sizeof(m->head))
		m->head[m->head_n++] = c;
}

static void begin_answer(struct model_text *m)
{
	if (!is_blank(m))
		m->last_from = m->from;
	m->from = m->seen.len;
	m->state = MODEL_ANSWERS;
	m->is_end_too_many = false;
}

/* "assistant", "model", "final": an answer. Others' words end ours. */
static void take_head(struct model_text *m)
{
	struct span head = span_trim((struct span){m->head, m->head_n});

	if (span_starts_nocase(head, SPAN("final")))
		begin_answer(m);
	else if (!is_blank(m))
		m->state = MODEL_OVER;
	else if (span_starts_nocase(head, SPAN("assistant")) || span_starts_nocase(head, SPAN("model")))
		m->state = MODEL_ANSWERS;
	else
		m->state = MODEL_ASIDE;
}

/* An end without a beginning moves the answer behind itself. Behind reasoning that had begun it may
 * be one too many: that is told by nothing following. */
static void end_reasoning(struct model_text *m)
{
	if (m->state == MODEL_REASONS) {
		m->has_reasoned = true;
	} else if (!is_blank(m)) {
		begin_answer(m);
		m->is_end_too_many = m->has_reasoned;
	}
	m->state = MODEL_ANSWERS;
}

static void take_mark(struct model_text *m, enum mark mark)
{
	/* Inside reasoning only its end means something; a template's may stand for it. */
	if (mark == MARK_REASONING_END)
		end_reasoning(m);
	else if (mark == MARK_REASONING)
		m->state = MODEL_REASONS;
	else if (mark == MARK_END)
		m->state = is_blank(m) ? MODEL_ANSWERS : MODEL_OVER;
	else if (mark == MARK_BODY && m->state == MODEL_HEAD)
		take_head(m);
	else if (mark == MARK_HEAD || mark == MARK_LINE) {
		m->state = MODEL_HEAD;
		m->head_is_line = mark == MARK_LINE;
		m->head_n = 0;
	}
}

/* May what is held still become a mark? '>' and its like end one. */
static bool may_go_on(const struct model_text *m)
{
	unsigned char first = (unsigned char)m->mark[0], last = (unsigned char)m->mark[m->mark_n - 1];

	if (m->mark_n == 1)
		return first == '<' || first == '[' || first == 0xe2;
	if (m->mark_n == sizeof(m->mark) || last == '\n' || last == '<' || last == '[')
		return false;
	if (first == '[')
		return isupper(last) || last == '/' || last == ']';
	if (first == 0xe2)
		return m->mark_n > 3 || last == (m->mark_n == 2 ? 0x97 : 0x81);
	return m->mark_n > 2 || isalpha(last) || last == '/' || last == '|' || last == 0xef;
}

static bool is_complete(const struct model_text *m)
{
	static const struct span triangle = SPAN("▷");
	const char              *end = m->mark + m->mark_n;

	if (m->mark[0] == '<')
		return end[-1] == '>';
	if (m->mark[0] == '[')
		return end[-1] == ']';
	return m->mark_n >= triangle.len && memcmp(end - triangle.len, triangle.ptr, triangle.len) == 0;
}

static void take_byte(struct model_text *m, char c);

/* No mark after all: its first byte is text, and behind it another may begin. */
static void let_go(struct model_text *m)
{
	char   held[MODEL_MARK_MAX];
	size_t n = m->mark_n;

	memcpy(held, m->mark, n);
	m->mark_n = 0;
	take_text(m, held[0]);
	for (size_t i = 1; i < n; i++)
		take_byte(m, held[i]);
}

static void take_byte(struct model_text *m, char c)
{
	enum mark mark;

	if (m->state == MODEL_OVER)
		return;
	if (c == '\n' && m->state == MODEL_HEAD && m->head_is_line && !m->mark_n)
		return take_head(m);
	m->mark[m->mark_n++] = c;
	if (!may_go_on(m))
		return let_go(m);
	if (!is_complete(m))
		return;
	mark = kind_of((struct span){m->mark, m->mark_n});
	if (mark == MARK_NONE)
		return let_go(m);
	m->mark_n = 0;
	take_mark(m, mark);
}

struct model_text model_text_new(struct arena *a, size_t max)
{
	return (struct model_text){.seen = buf_new(a, max)};
}

void model_text_feed(struct model_text *m, struct span piece)
{
	for (size_t i = 0; i < piece.len; i++)
		take_byte(m, piece.ptr[i]);
}

void model_text_end(struct model_text *m)
{
	static const struct span worn = SPAN("assistantfinal");
	struct span              answer;
	const char              *at;

	while (m->mark_n)
		let_go(m);
	/* Channels whose marks were lost on the way. */
	answer = model_text_answer(m);
	at = memmem(answer.ptr, answer.len, worn.ptr, worn.len);
	if (at)
		m->from += (size_t)(at - answer.ptr) + worn.len;
	if (m->is_end_too_many && is_blank(m))
		m->from = m->last_from;
}

struct span model_text_answer(const struct model_text *m)
{
	return (struct span){buf_text(&m->seen) + m->from, m->seen.len - m->from};
}

struct span model_text_taken(const struct model_text *m)
{
	size_t from = is_blank(m) ? m->last_from : m->from;

	return (struct span){buf_text(&m->seen) + from, m->seen.len - from};
}

struct span model_text_of(struct arena *a, struct span text)
{
	struct model_text m = model_text_new(a, text.len + 1);

	model_text_feed(&m, text);
	model_text_end(&m);
	return model_text_answer(&m);
}
