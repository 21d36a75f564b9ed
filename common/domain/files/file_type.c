/* file_type.c -- marks, then text or not, then what the sender says within that. */
#include "file_type.h"

#include "../../base/str.h"
#include "../../base/utf8.h"
#include "../voice/audio.h"

#define TEXT_LOOK 4096u /* bytes of a text that are looked at */
#define BINARY    "application/octet-stream"
#define CHARSET   "; charset=utf-8"

struct mark {
	size_t      at;
	struct span bytes;
	const char *type;
};
#define MARK(at, bytes, type) \
	{ \
		(at), {(bytes), sizeof(bytes) - 1}, (type) \
	}

static const struct mark marks[] = {
	MARK(0, "\x89PNG\r\n\x1a\n", "image/png"),
	MARK(0, "\xff\xd8\xff", "image/jpeg"),
	MARK(0, "GIF87a", "image/gif"),
	MARK(0, "GIF89a", "image/gif"),
	MARK(8, "WEBP", "image/webp"),
	MARK(0, "%PDF-", "application/pdf"),
	MARK(0, "PK\x03\x04", "application/zip"),
	MARK(0, "\x1f\x8b", "application/gzip"),
	MARK(0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
	MARK(0, "{\\rtf", "application/rtf"),
};

/* What is one of these inside, and says so. */
static const struct {
	const char *outer, *inner;
} inside[] = {
	{"application/zip", "application/vnd.openxmlformats-officedocument."},
	{"application/zip", "application/vnd.oasis.opendocument."},
	{"application/zip", "application/epub+zip"},
	{"application/x-ole-storage", "application/msword"},
	{"application/x-ole-storage", "application/vnd.ms-"},
	{"audio/webm", "video/webm"},
	{"audio/ogg", "video/ogg"},
	{"audio/mp4", "video/mp4"},
	{"audio/mp4", "audio/x-m4a"},
	{"audio/wav", "audio/x-wav"},
	{"audio/mpeg", "audio/mp3"},
};

static const char *const texts[] = {"text/csv", "text/markdown", "text/calendar", "text/vcard",
                                    "application/json"};

static bool has_mark(struct span bytes, const struct mark *m)
{
	return bytes.len >= m->at + m->bytes.len &&
	       memcmp(bytes.ptr + m->at, m->bytes.ptr, m->bytes.len) == 0;
}

static const char *marked(struct span bytes)
{
	enum audio_format sound;

	for (size_t i = 0; i < COUNT(marks); i++)
		if (has_mark(bytes, &marks[i]))
			return marks[i].type;
	sound = audio_sniff(bytes);
	return sound == AUDIO_UNKNOWN ? NULL : audio_mime_type(sound);
}

/* A text may be cut within a character where we stop looking. */
static bool is_text(struct span bytes)
{
	struct span look = {bytes.ptr, bytes.len < TEXT_LOOK ? bytes.len : TEXT_LOOK};

	for (size_t i = 0; i < look.len; i++) {
		unsigned char c = (unsigned char)look.ptr[i];

		if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f') || c == 0x7f)
			return false;
	}
	for (size_t cut = 0; cut < 4 && cut <= look.len; cut++)
		if (utf8_is_valid((struct span){look.ptr, look.len - cut}))
			return cut == 0 || look.len == TEXT_LOOK;
	return false;
}

/* Letters, digits and what stands between them in a media type: nothing of that means anything to a
 * header. */
static bool is_plain(struct span type)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
								  "/.+-_";

	if (type.len < 3 || type.len > FILE_TYPE_MAX || !memchr(type.ptr, '/', type.len))
		return false;
	for (size_t i = 0; i < type.len; i++)
		if (!memchr(allowed, type.ptr[i], sizeof(allowed) - 1))
			return false;
	return true;
}

static struct span without_parameters(struct span declared)
{
	const char *semicolon = declared.len ? memchr(declared.ptr, ';', declared.len) : NULL;

	if (semicolon)
		declared.len = (size_t)(semicolon - declared.ptr);
	return span_trim(declared);
}

static const char *kept(struct span type, const char *behind, char *to)
{
	snprintf(to, FILE_TYPE_MAX + 30, "%.*s%s", (int)type.len, type.ptr, behind);
	return to;
}

static const char *narrowed(const char *found, struct span declared, char *to)
{
	for (size_t i = 0; i < COUNT(inside); i++)
		if (str_equal(inside[i].outer, found) &&
		    span_starts_nocase(declared, span_of(inside[i].inner)) && is_plain(declared))
			return kept(declared, "", to);
	return found;
}

/* Of texts only those that no browser runs keep their name; HTML, SVG and scripts are text. */
static const char *text_type(struct span declared, char *to)
{
	for (size_t i = 0; i < COUNT(texts); i++)
		if (span_equal_nocase(declared, span_of(texts[i])))
			return kept(span_of(texts[i]),
			            span_starts(span_of(texts[i]), SPAN("text/")) ? CHARSET : "", to);
	return "text/plain" CHARSET;
}

const char *file_type_of(struct span bytes, struct span declared, char *to)
{
	const char *found = marked(bytes);

	declared = without_parameters(declared);
	if (found)
		return narrowed(found, declared, to);
	return is_text(bytes) ? text_type(declared, to) : BINARY;
}

bool file_type_is_shown(struct span type)
{
	static const char *const shown[] = {"audio/",    "video/",     "image/png", "image/jpeg",
	                                    "image/gif", "image/webp", "text/plain"};

	for (size_t i = 0; i < COUNT(shown); i++)
		if (span_starts_nocase(type, span_of(shown[i])))
			return true;
	return false;
}
