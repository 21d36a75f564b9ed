/* multipart.h -- the parts of a multipart/form-data body (RFC 7578), as browsers and Node send it.
 *
 * Reads what is there and copies nothing: bodies are large. Pure. */
#ifndef MULTIPART_H
#define MULTIPART_H

#include "../../base/base.h"

#define MULTIPART_BOUNDARY_MAX 70u   /* RFC 2046 */
#define MULTIPART_HEAD_MAX     4096u /* bytes of a part's headers */

struct multipart {
	struct span rest;     /* behind the delimiter of the part that comes */
	struct span boundary; /* without its dashes */
	bool        is_begun, is_over;
};

struct multipart_part {
	struct span name, file_name, type; /* as they stand there, quotes removed; empty: not there */
	struct span body;
};

enum multipart_found {
	MULTIPART_PART,
	MULTIPART_END,
	MULTIPART_BROKEN /* what is there is no such body, or ends in the middle of one */
};

/* The boundary of a Content-Type; empty: it has none, or one that is none. */
struct span multipart_boundary(struct span content_type);

/* Begin with {.rest = body, .boundary = ...}. The next part; spans are of the body. */
enum multipart_found multipart_next(struct multipart *m, struct multipart_part *out) CHECKED;

#endif
