/* fcgi_head.c -- walks the records: the request begins, then parameters up to an empty one, then
 * its body up to another. */
#include "fcgi_head.h"

#define HEADER_BYTES 8u
#define VERSION      1u
#define BEGIN        1u
#define ABORT        2u
#define PARAMS       4u
#define BODY         5u
#define BEGIN_BYTES  8u
#define RESPONDER    1u

struct record {
	unsigned type, id;
	size_t   content, whole; /* bytes */
};

static unsigned number_at(const unsigned char *bytes)
{
	return (unsigned)bytes[0] << 8 | bytes[1];
}

static struct record record_at(const unsigned char *bytes)
{
	struct record r = {.type = bytes[1],
	                   .id = number_at(bytes + 2),
	                   .content = number_at(bytes + 4)};

	r.whole = HEADER_BYTES + r.content + bytes[6];
	return r;
}

/* Before its body is here. */
static bool may_begin(const struct record *r)
{
	return r->type == BEGIN && r->id != 0 && r->content == BEGIN_BYTES;
}

/* The library waits for more behind a record of somebody else's, and loses memory over some. */
static void begin_record(struct fcgi_body *b)
{
	struct record r = record_at(b->header);

	b->header_n = 0;
	b->left = r.whole - HEADER_BYTES;
	b->is_broken = b->header[0] != VERSION || r.id != b->id || (r.type != BODY && r.type != ABORT);
	b->is_whole = b->is_broken || r.type == ABORT || r.content == 0;
	b->bytes += b->is_whole ? 0 : r.content;
}

size_t fcgi_body_take(struct fcgi_body *b, const unsigned char *bytes, size_t n)
{
	size_t at = 0;

	while (at < n && !b->is_whole) {
		size_t some = b->left < n - at ? b->left : n - at;

		b->left -= some;
		at += some;
		if (at == n)
			break;
		b->header[b->header_n++] = bytes[at++];
		if (b->header_n == HEADER_BYTES)
			begin_record(b);
	}
	return at;
}

/* Behind the head that `from` stands before. */
static enum fcgi_head body_end(const unsigned char *bytes, size_t n, struct fcgi_body from)
{
	fcgi_body_take(&from, bytes, n);
	if (from.is_broken)
		return FCGI_HEAD_BROKEN;
	return from.is_whole ? FCGI_HEAD_WHOLE : FCGI_HEAD_UNSAID;
}

/* ---- are the parameters pairs? ---- */

/* Reads the contents of records one behind the other, whose pairs may begin in one and end in
 * another. All of them are here. */
struct params {
	const unsigned char *at;
	size_t               left, padding; /* of this record */
	size_t               all;           /* bytes of all contents from here on */
};

static void skip(struct params *p, size_t n)
{
	p->all -= n;
	while (n > p->left) {
		struct record r = record_at(p->at + p->left + p->padding);

		n -= p->left;
		p->at += p->left + p->padding + HEADER_BYTES;
		p->left = r.content;
		p->padding = r.whole - HEADER_BYTES - r.content;
	}
	p->at += n;
	p->left -= n;
}

static unsigned next_byte(struct params *p)
{
	skip(p, 1);
	return p->at[-1];
}

/* False: it is not all there. */
static bool next_length(struct params *p, size_t *out)
{
	unsigned first = p->all ? next_byte(p) : 0x80;

	*out = first & 0x7f;
	if (!(first & 0x80))
		return true;
	if (p->all < 3)
		return false;
	for (int i = 0; i < 3; i++)
		*out = *out << 8 | next_byte(p);
	return true;
}

/* The library would make room for whatever length it is told of, and adds two such as an int. */
static bool are_pairs(struct params p)
{
	size_t name, value;

	while (p.all) {
		if (!next_length(&p, &name) || !next_length(&p, &value) || name + value > p.all)
			return false;
		skip(&p, name + value);
	}
	return true;
}

/* ---- where they end ---- */

/* Its parameters begin at `at`; the head ends where body_out->left says. */
static enum fcgi_head params_end(const unsigned char *bytes, size_t n, size_t at,
                                 struct fcgi_body *body_out)
{
	struct params params = {.at = bytes + at};

	while (n - at >= HEADER_BYTES) {
		struct record r = record_at(bytes + at);

		if (bytes[at] != VERSION || r.type != PARAMS || r.id != body_out->id)
			return FCGI_HEAD_BROKEN;
		if (r.whole > n - at)
			return FCGI_HEAD_PART;
		at += r.whole;
		body_out->left = at;
		params.all += r.content;
		if (r.content == 0)
			return are_pairs(params) ? body_end(bytes, n, *body_out) : FCGI_HEAD_BROKEN;
	}
	return FCGI_HEAD_PART;
}

enum fcgi_head fcgi_head(const unsigned char *bytes, size_t n, struct fcgi_body *body_out)
{
	enum fcgi_head head = FCGI_HEAD_PART;
	struct record  begin;

	if (n > 0 && bytes[0] != VERSION)
		return FCGI_HEAD_BROKEN;
	if (n < HEADER_BYTES)
		return FCGI_HEAD_PART;
	begin = record_at(bytes);
	if (!may_begin(&begin))
		return FCGI_HEAD_BROKEN;
	if (n >= HEADER_BYTES + BEGIN_BYTES && number_at(bytes + HEADER_BYTES) != RESPONDER)
		return FCGI_HEAD_BROKEN;
	*body_out = (struct fcgi_body){.id = begin.id};
	if (n >= begin.whole)
		head = params_end(bytes, n, begin.whole, body_out);
	return head == FCGI_HEAD_PART && n >= FCGI_HEAD_MAX ? FCGI_HEAD_BROKEN : head;
}

/* ---- parameters ---- */

/* A length is one byte, or four with the first one's highest bit set. False: it is not all here. */
static bool take_length(struct span *rest, size_t *out)
{
	const unsigned char *at = (const unsigned char *)rest->ptr;
	size_t               bytes = rest->len && at[0] & 0x80 ? 4 : 1;

	if (rest->len < bytes)
		return false;
	*out = at[0];
	if (bytes == 4)
		*out = (size_t)(at[0] & 0x7f) << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
	*rest = (struct span){rest->ptr + bytes, rest->len - bytes};
	return true;
}

static bool take_text(struct span *rest, size_t len, struct span *out)
{
	if (len > rest->len)
		return false;
	*out = (struct span){rest->ptr, len};
	*rest = (struct span){rest->ptr + len, rest->len - len};
	return true;
}

static bool take_pair(struct span *rest, struct span *name, struct span *value)
{
	size_t name_len, value_len;

	return take_length(rest, &name_len) && take_length(rest, &value_len) &&
	       take_text(rest, name_len, name) && take_text(rest, value_len, value);
}

struct span fcgi_head_param(const unsigned char *bytes, size_t n, const char *name)
{
	const size_t  at = HEADER_BYTES + BEGIN_BYTES;
	struct record params;
	struct span   rest, its_name, value;

	if (n < at + HEADER_BYTES)
		return SPAN("");
	params = record_at(bytes + at);
	rest = (struct span){(const char *)bytes + at + HEADER_BYTES, n - at - HEADER_BYTES};
	if (params.type != PARAMS || params.content > rest.len)
		return SPAN("");
	rest.len = params.content;
	while (take_pair(&rest, &its_name, &value))
		if (span_equal(its_name, span_of(name)))
			return value;
	return SPAN("");
}
