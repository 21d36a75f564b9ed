/* sse_reader.c -- a line gatherer and a field interpreter. */
#include "sse_reader.h"

#define BOM "\xef\xbb\xbf"

struct sse_reader sse_reader(struct arena *a, size_t event_max, sse_fn *fn, void *to)
{
	return (struct sse_reader){
		.fn = fn,
		.to = to,
		.line = buf_new(a, event_max),
		.data = buf_new(a, event_max),
	};
}

static void clear(struct buf *b)
{
	b->len = 0;
	if (b->ptr)
		b->ptr[0] = '\0';
}

static void deliver(struct sse_reader *r)
{
	if (r->has_data)
		r->fn(r->name[0] ? r->name : "message", buf_span(&r->data), r->to);
	clear(&r->data);
	r->name[0] = '\0';
	r->has_data = false;
}

/* Names longer than any of ours are cut: they are then unknown all the same. */
static void set_name(struct sse_reader *r, struct span value)
{
	size_t n = value.len < SSE_NAME_MAX ? value.len : SSE_NAME_MAX;

	memcpy(r->name, value.ptr, n);
	r->name[n] = '\0';
}

static void add_data(struct sse_reader *r, struct span value)
{
	if (r->has_data)
		buf_char(&r->data, '\n');
	buf_add(&r->data, value.ptr, value.len);
	r->has_data = true;
	r->is_broken = r->data.is_full;
}

static void take_field(struct sse_reader *r, struct span line)
{
	const char *colon = memchr(line.ptr, ':', line.len);
	struct span name = {line.ptr, colon ? (size_t)(colon - line.ptr) : line.len};
	struct span value = {line.ptr + line.len, 0};

	if (colon)
		value = (struct span){colon + 1, line.len - name.len - 1};
	if (value.len && value.ptr[0] == ' ')
		value = (struct span){value.ptr + 1, value.len - 1};
	if (span_equal(name, SPAN("data")))
		add_data(r, value);
	else if (span_equal(name, SPAN("event")))
		set_name(r, value);
}

static void take_line(struct sse_reader *r)
{
	struct span line = buf_span(&r->line);

	if (!r->has_begun && span_starts(line, SPAN(BOM)))
		line = (struct span){line.ptr + sizeof(BOM) - 1, line.len - (sizeof(BOM) - 1)};
	r->has_begun = true;
	if (line.len == 0)
		deliver(r);
	else if (line.ptr[0] != ':')
		take_field(r, line);
	clear(&r->line);
}

/* The bytes before the next line end. */
static struct span until_line_end(struct span rest)
{
	size_t n = 0;

	while (n < rest.len && rest.ptr[n] != '\n' && rest.ptr[n] != '\r')
		n++;
	return (struct span){rest.ptr, n};
}

bool sse_feed(struct sse_reader *r, struct span piece)
{
	while (piece.len && !r->is_broken) {
		struct span text = until_line_end(piece);
		bool        is_ended = text.len < piece.len;
		char        ender = is_ended ? piece.ptr[text.len] : '\0';

		piece.ptr += text.len + is_ended;
		piece.len -= text.len + is_ended;
		/* The second half of a CR LF, perhaps from the piece before. */
		if (r->after_cr && text.len == 0 && ender == '\n') {
			r->after_cr = false;
			continue;
		}
		r->after_cr = ender == '\r';
		buf_add(&r->line, text.ptr, text.len);
		if (r->line.is_full)
			r->is_broken = true;
		else if (is_ended)
			take_line(r);
	}
	return !r->is_broken;
}
