/* object_name.c -- segments between '/', none of them empty, "." or "..". */
#include "object_name.h"

#include "../../base/str.h"
#include "../../base/utf8.h"

#include <string.h>

static bool has_control(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] < 0x20 || s.ptr[i] == 0x7f || s.ptr[i] == '\\')
			return true;
	return false;
}

static bool is_good_segment(struct span s)
{
	return s.len > 0 && !span_equal(s, SPAN(".")) && !span_equal(s, SPAN(".."));
}

static bool has_bad_segment(struct span name)
{
	for (;;) {
		const char *slash = name.len ? memchr(name.ptr, '/', name.len) : NULL;
		size_t      len = slash ? (size_t)(slash - name.ptr) : name.len;

		if (!is_good_segment((struct span){name.ptr, len}))
			return true;
		if (!slash)
			return false;
		name = (struct span){slash + 1, name.len - len - 1};
	}
}

const char *object_name_fault(struct span name)
{
	if (name.len == 0)
		return "a file needs a name";
	if (name.len > OBJECT_NAME_MAX)
		return "the name is longer than 1024 bytes";
	if (!utf8_is_valid(name) || has_control(name))
		return "the name has characters that no name may have";
	return has_bad_segment(name) ? "a part of the name is empty, \".\" or \"..\"" : NULL;
}

const char *object_folder_fault(struct span folder)
{
	if (folder.len && folder.ptr[folder.len - 1] == '/')
		folder.len--;
	return folder.len ? object_name_fault(folder) : NULL;
}

struct span object_name_last(struct span name)
{
	const char *slash = name.len ? memrchr(name.ptr, '/', name.len) : NULL;

	return slash ? (struct span){slash + 1, (size_t)(name.ptr + name.len - slash - 1)} : name;
}
