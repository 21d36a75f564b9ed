/* mask.c -- what is found is replaced; in JSON, value by value. */
#include "mask.h"

#include "../../base/json_in.h"
#include "../../base/json_out.h"
#include "contact.h"

#define LONGEST_MASK 7 /* "[email]" */

/* What is to be masked in one text, in order and apart from each other. */
struct masked {
	struct span text;
	const char *mask;
};

struct masks {
	struct masked *at;
	size_t         n;
};

static const char *end_of(struct span s)
{
	return s.ptr + s.len;
}

static void add(struct masks *m, struct span text, const char *mask)
{
	m->at[m->n++] = (struct masked){text, mask};
}

/* A name inside an address goes with the address. */
static struct masks find(struct ctx *cx, struct span text, const struct names *names)
{
	const struct contact *contacts = NULL;
	const struct span    *named = NULL;
	size_t                contacts_n = contact_find(cx, text, &contacts);
	size_t                named_n = names_find(cx, text, names, &named), k = 0;
	struct masks          m = {.n = 0};

	if (contacts_n + named_n == 0)
		return m;
	m.at = NEW_ARRAY(cx->arena, struct masked, contacts_n + named_n);
	for (size_t i = 0; i < contacts_n; i++) {
		for (; k < named_n && end_of(named[k]) <= contacts[i].text.ptr; k++)
			add(&m, named[k], MASK_NAME);
		while (k < named_n && named[k].ptr < end_of(contacts[i].text))
			k++;
		add(&m, contacts[i].text, contacts[i].kind == CONTACT_EMAIL ? "[email]" : "[phone]");
	}
	for (; k < named_n; k++)
		add(&m, named[k], MASK_NAME);
	return m;
}

struct span mask_text(struct ctx *cx, struct span text, const struct names *names)
{
	struct masks m = find(cx, text, names);
	struct buf   out = buf_new(cx->arena, text.len + LONGEST_MASK * m.n + 1);
	const char  *done = text.ptr;

	if (m.n == 0)
		return text;
	for (size_t i = 0; i < m.n; i++) {
		buf_add(&out, done, (size_t)(m.at[i].text.ptr - done));
		buf_str(&out, m.at[i].mask);
		done = end_of(m.at[i].text);
	}
	buf_add(&out, done, (size_t)(end_of(text) - done));
	return buf_span(&out);
}

const char *mask_str(struct ctx *cx, const char *text, const struct names *names)
{
	struct span masked;

	if (!text)
		return NULL;
	masked = mask_text(cx, span_of(text), names);
	return masked.ptr == text ? text : arena_strndup(cx->arena, masked.ptr, masked.len);
}

/* ---- JSON ---- */

/* A string or a number: where it is written, and where its text is among the others. */
struct token {
	struct span json;
	size_t      from, to;
};

static size_t string_end(struct span json, size_t at)
{
	for (at++; at < json.len && json.ptr[at] != '"'; at++)
		at += json.ptr[at] == '\\';
	return at < json.len ? at + 1 : json.len;
}

static size_t number_end(struct span json, size_t at)
{
	while (at < json.len && strchr("+-.eE0123456789", json.ptr[at]))
		at++;
	return at;
}

static bool begins_number(char c)
{
	return c == '-' || (c >= '0' && c <= '9');
}

/* The next one from *at on; false at the end. */
static bool next_token(struct span json, size_t *at, struct span *out)
{
	while (*at < json.len && json.ptr[*at] != '"' && !begins_number(json.ptr[*at]))
		(*at)++;
	if (*at == json.len)
		return false;
	*out = (struct span){json.ptr + *at, 0};
	*at = json.ptr[*at] == '"' ? string_end(json, *at) : number_end(json, *at);
	out->len = (size_t)(json.ptr + *at - out->ptr);
	return true;
}

static void add_plain(struct ctx *cx, struct buf *text, struct span json)
{
	const struct cJSON *node;

	if (json.ptr[0] != '"')
		buf_add(text, json.ptr, json.len);
	else if (!memchr(json.ptr, '\\', json.len))
		buf_add(text, json.ptr + 1, json.len - 2);
	else if (!json_parse(cx, json, &node))
		buf_str(text, json_text_at(node, ""));
}

/* All tokens, their texts one behind the other. */
static struct token *read_tokens(struct ctx *cx, struct span json, struct buf *text, size_t *n_out)
{
	struct token *tokens;
	struct span   one;
	size_t        n = 0;

	for (size_t at = 0; next_token(json, &at, &one);)
		n++;
	tokens = NEW_ARRAY(cx->arena, struct token, n + 1);
	*n_out = n;
	n = 0;
	for (size_t at = 0; next_token(json, &at, &one); n++) {
		tokens[n] = (struct token){.json = one, .from = text->len};
		add_plain(cx, text, one);
		tokens[n].to = text->len;
		buf_char(text, ' ');
	}
	return tokens;
}

/* The token with its part of each mask from *next on that reaches into it, as a JSON string. */
static void write_masked(struct ctx *cx, struct buf *out, const struct buf *text,
                         const struct token *token, const struct masks *m, size_t *next)
{
	struct buf  plain = buf_new(cx->arena, text->len + LONGEST_MASK * m->n);
	const char *done = text->ptr + token->from, *end = text->ptr + token->to;

	for (; *next < m->n && m->at[*next].text.ptr < end; (*next)++) {
		struct span found = m->at[*next].text;

		if (found.ptr > done)
			buf_add(&plain, done, (size_t)(found.ptr - done));
		buf_str(&plain, m->at[*next].mask);
		done = end_of(found) < end ? end_of(found) : end;
		if (end_of(found) > end)
			break; /* it goes on in the next token */
	}
	buf_add(&plain, done, (size_t)(end - done));
	json_quote(out, buf_span(&plain));
}

struct span mask_json(struct ctx *cx, struct span json, const struct names *names)
{
	struct buf    text = buf_new(cx->arena, 2 * json.len + 2), out;
	size_t        n, next = 0;
	struct token *tokens = read_tokens(cx, json, &text, &n);
	struct masks  m = find(cx, (struct span){buf_text(&text), text.len}, names);
	const char   *done = json.ptr;

	if (m.n == 0)
		return json;
	out = buf_new(cx->arena, 8 * json.len + LONGEST_MASK * m.n + 2);
	for (size_t i = 0; i < n; i++) {
		while (next < m.n && end_of(m.at[next].text) <= text.ptr + tokens[i].from)
			next++;
		if (next == m.n || m.at[next].text.ptr >= text.ptr + tokens[i].to)
			continue;
		buf_add(&out, done, (size_t)(tokens[i].json.ptr - done));
		write_masked(cx, &out, &text, &tokens[i], &m, &next);
		done = end_of(tokens[i].json);
	}
	buf_add(&out, done, (size_t)(end_of(json) - done));
	return buf_span(&out);
}
