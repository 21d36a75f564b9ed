/* base64.h -- RFC 4648 section 4, with padding; not constant-time, so not for secrets. */
#ifndef BASE64_H
#define BASE64_H

#include "base.h"

#define BASE64_ENCODED_BYTES(n) (((n) + 2) / 3 * 4) /* without a NUL */
#define BASE64_DECODED_MAX(n)   ((n) / 4 * 3 + 2)

/* Writes BASE64_ENCODED_BYTES(len) characters, no NUL. */
void base64_encode(const void *bytes, size_t len, char *out);

/* Strict: alphabet of section 4, padding complete or left out, no white space,
 * unused bits zero. `out` holds BASE64_DECODED_MAX(text.len) bytes and may be
 * the text's own memory. False when it is not base64. */
bool base64_decode(struct span text, void *out, size_t *len_out) CHECKED;

/* What other encoders write as base64_decode() takes it: without the line breaks of MIME, and
 * with + and / for the URL-safe - and _. Gives the characters written to `out`, which holds
 * text.len of them and may be the text's own memory. Whatever else it is stays in it. */
size_t base64_plain(struct span text, char *out);

#endif
