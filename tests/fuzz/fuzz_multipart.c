/* fuzz_multipart.c -- any bytes as a form: the first line is its Content-Type. Parts lie within the
 * body, one behind the other, and there is an end. */
#include "fuzz.h"

#include "../../common/domain/files/file_type.h"
#include "../../common/domain/files/multipart.h"

#include <assert.h>

static bool is_within(struct span part, struct span all)
{
	return part.len == 0 || (part.ptr >= all.ptr && part.ptr + part.len <= all.ptr + all.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct span           rest = {(const char *)bytes, len};
	struct span           type = fuzz_line(&rest), all = {(const char *)bytes, len}, body = rest;
	struct multipart      form = {.rest = rest, .boundary = multipart_boundary(type)};
	struct multipart_part part;
	const char           *behind = body.ptr;
	char                  to[FILE_TYPE_MAX + 32];

	assert(is_within(form.boundary, type) && form.boundary.len <= MULTIPART_BOUNDARY_MAX);
	while (multipart_next(&form, &part) == MULTIPART_PART) {
		assert(is_within(part.body, body) && is_within(part.name, body));
		assert(is_within(part.file_name, body) && is_within(part.type, body));
		assert(form.rest.ptr > behind && is_within(form.rest, body));
		behind = form.rest.ptr;
		assert(strlen(file_type_of(part.body, part.type, to)) < sizeof(to));
	}
	assert(strlen(file_type_of(all, type, to)) < sizeof(to));
	return 0;
}
