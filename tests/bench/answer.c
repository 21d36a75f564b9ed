/* answer.c -- reads an answer of HTTP/1.1. */
#include "answer.h"

void answer_begin(struct answer *a)
{
	a->part = ANSWER_HEAD;
	a->head_len = 0;
	a->left = 0;
}

bool answer_closes(const struct answer *a)
{
	return a->part == ANSWER_UNTIL_CLOSE || strcasestr(a->head, "\r\nconnection: close");
}

static bool read_head(struct answer *a)
{
	const char *length = strcasestr(a->head, "\r\ncontent-length:");

	if (sscanf(a->head, "HTTP/1.1 %3u", &a->status) != 1 || a->status >= ANSWER_STATUS_MAX)
		return false;
	a->part = ANSWER_UNTIL_CLOSE;
	if (strcasestr(a->head, "\r\ntransfer-encoding: chunked")) {
		a->part = ANSWER_CHUNK_SIZE;
		a->left = 0;
	} else if (length) {
		a->left = strtoull(length + strlen("\r\ncontent-length:"), NULL, 10);
		a->part = a->left ? ANSWER_LENGTH : ANSWER_WHOLE;
	}
	return true;
}

/* Takes bytes into the head up to its end; how many were taken. */
static size_t take_head(struct answer *a, const char *piece, size_t len)
{
	size_t n = 0;

	while (n < len && a->head_len < ANSWER_HEAD_MAX) {
		a->head[a->head_len++] = piece[n++];
		a->head[a->head_len] = 0;
		if (a->head_len >= 4 && memcmp(a->head + a->head_len - 4, "\r\n\r\n", 4) == 0) {
			if (!read_head(a))
				return 0;
			return n;
		}
	}
	return a->head_len < ANSWER_HEAD_MAX ? n : 0;
}

static size_t take_body(struct answer *a, const char *piece, size_t len)
{
	size_t n = a->part == ANSWER_UNTIL_CLOSE || len < a->left ? len : a->left;

	a->on_body(piece, n, a->data);
	if (a->part == ANSWER_UNTIL_CLOSE)
		return n;
	a->left -= n;
	if (a->left == 0)
		a->part = a->part == ANSWER_LENGTH ? ANSWER_WHOLE : ANSWER_CHUNK_END;
	return n;
}

static bool take_digit(struct answer *a, char byte)
{
	static const char digits[] = "0123456789abcdef";
	const char       *at = byte ? strchr(digits, byte | 32) : NULL;

	if (at)
		a->left = a->left * 16 + (uint64_t)(at - digits);
	else if (byte == '\n')
		a->part = a->left ? ANSWER_CHUNK : ANSWER_TRAILER;
	return at || byte == '\n' || byte == '\r';
}

/* The line that ends a chunk, or the empty one that ends them all. */
static size_t take_byte(struct answer *a, char byte)
{
	if (a->part == ANSWER_CHUNK_SIZE)
		return take_digit(a, byte);
	if (byte == '\n')
		a->part = a->part == ANSWER_CHUNK_END ? ANSWER_CHUNK_SIZE : ANSWER_WHOLE;
	return 1;
}

bool answer_take(struct answer *a, const char *piece, size_t len)
{
	while (len && a->part != ANSWER_WHOLE) {
		size_t n;

		if (a->part == ANSWER_HEAD)
			n = take_head(a, piece, len);
		else if (a->part == ANSWER_LENGTH || a->part == ANSWER_CHUNK ||
		         a->part == ANSWER_UNTIL_CLOSE)
			n = take_body(a, piece, len);
		else
			n = take_byte(a, *piece);
		if (n == 0)
			return false;
		piece += n;
		len -= n;
	}
	return len == 0;
}
