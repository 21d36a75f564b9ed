/* multipart.c -- delimiter, headers, an empty line, bytes up to the next delimiter. */
#include "multipart.h"

#include "../../base/str.h"

#include <string.h>

static struct span skip(struct span s, size_t n)
{
	return (struct span){s.ptr + n, s.len - n};
}

/* Its value among "; name=value" parameters, quotes removed. Within quotes a backslash is as
 * browsers send it: itself. */
static struct span parameter(struct span params, struct span name)
{
	while (params.len) {
		const char *at = memchr(params.ptr, ';', params.len);
		struct span value;
		const char *end;

		if (!at)
			break;
		params = skip(params, (size_t)(at - params.ptr) + 1);
		params = span_trim(params);
		if (params.len <= name.len || params.ptr[name.len] != '=' ||
		    !span_starts_nocase(params, name))
			continue;
		value = skip(params, name.len + 1);
		if (value.len && value.ptr[0] == '"') {
			value = skip(value, 1);
			end = value.len ? memchr(value.ptr, '"', value.len) : NULL;
			return end ? (struct span){value.ptr, (size_t)(end - value.ptr)} : SPAN("");
		}
		end = value.len ? memchr(value.ptr, ';', value.len) : NULL;
		return span_trim((struct span){value.ptr, end ? (size_t)(end - value.ptr) : value.len});
	}
	return SPAN("");
}

struct span multipart_boundary(struct span content_type)
{
	struct span found = SPAN("");

	if (span_starts_nocase(content_type, SPAN("multipart/form-data")))
		found = parameter(content_type, SPAN("boundary"));
	return found.len <= MULTIPART_BOUNDARY_MAX ? found : SPAN("");
}

/* Where the delimiter line begins: at its dashes; NULL: nowhere. */
static const char *find_delimiter(struct span in, struct span boundary)
{
	struct span rest = in;

	while (rest.len > boundary.len + 1) {
		const char *at = memmem(rest.ptr, rest.len, boundary.ptr, boundary.len);

		if (!at)
			return NULL;
		if (at - in.ptr >= 2 && at[-1] == '-' && at[-2] == '-')
			return at - 2;
		rest = skip(rest, (size_t)(at - rest.ptr) + 1);
	}
	return NULL;
}

/* Steps over a delimiter that *rest begins with, and what ends its line. */
static enum multipart_found pass_delimiter(struct multipart *m)
{
	struct span rest = skip(m->rest, 2 + m->boundary.len);

	if (span_starts(rest, SPAN("--"))) {
		m->is_over = true;
		return MULTIPART_END;
	}
	while (rest.len && (*rest.ptr == ' ' || *rest.ptr == '\t'))
		rest = skip(rest, 1);
	if (!span_starts(rest, SPAN("\r\n")))
		return MULTIPART_BROKEN;
	m->rest = skip(rest, 2);
	return MULTIPART_PART;
}

static enum multipart_found begin(struct multipart *m)
{
	m->is_begun = true;
	if (m->boundary.len == 0 || m->rest.len < m->boundary.len + 2 ||
	    !span_starts(m->rest, SPAN("--")) || !span_starts(skip(m->rest, 2), m->boundary))
		return MULTIPART_BROKEN;
	return pass_delimiter(m);
}

static void read_header(struct span line, struct multipart_part *out)
{
	if (span_starts_nocase(line, SPAN("content-disposition:"))) {
		out->name = parameter(line, SPAN("name"));
		out->file_name = parameter(line, SPAN("filename"));
	} else if (span_starts_nocase(line, SPAN("content-type:"))) {
		out->type = span_trim(skip(line, sizeof("content-type:") - 1));
	}
}

/* Up to the empty line behind them. */
static bool read_headers(struct multipart *m, struct multipart_part *out)
{
	size_t left = MULTIPART_HEAD_MAX;

	for (;;) {
		struct span look = {m->rest.ptr, m->rest.len < left ? m->rest.len : left};
		const char *end = look.len ? memmem(look.ptr, look.len, "\r\n", 2) : NULL;
		size_t      len;

		if (!end)
			return false;
		len = (size_t)(end - look.ptr);
		m->rest = skip(m->rest, len + 2);
		left -= len + 2;
		if (len == 0)
			return true;
		read_header((struct span){look.ptr, len}, out);
	}
}

enum multipart_found multipart_next(struct multipart *m, struct multipart_part *out)
{
	enum multipart_found found;
	const char          *end, *from;

	*out = (struct multipart_part){.body = SPAN("")};
	if (m->is_over)
		return MULTIPART_END;
	if (!m->is_begun) {
		found = begin(m);
		if (found != MULTIPART_PART)
			return found;
	}
	if (!read_headers(m, out))
		return MULTIPART_BROKEN;
	/* An empty part's line end is the one that ended its headers: none is left. */
	from = m->rest.ptr - 2;
	end = find_delimiter(m->rest, m->boundary);
	while (end && (end - from < 2 || memcmp(end - 2, "\r\n", 2) != 0)) {
		struct span behind = skip(m->rest, (size_t)(end - m->rest.ptr) + 1);

		end = find_delimiter(behind, m->boundary);
	}
	if (!end)
		return MULTIPART_BROKEN;
	out->body =
		(struct span){m->rest.ptr, end - m->rest.ptr < 2 ? 0 : (size_t)(end - 2 - m->rest.ptr)};
	m->rest = skip(m->rest, (size_t)(end - m->rest.ptr));
	found = pass_delimiter(m);
	return found == MULTIPART_BROKEN ? found : MULTIPART_PART;
}
