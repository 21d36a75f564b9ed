/* err.c -- raising errors, and what a client may know of them. */
#include "err.h"

#include "ctx.h"

static const struct {
	int         http;
	const char *code, *text;
} table[] = {
#define X(kind, http, code, text) [kind] = {http, code, text},
	ERR_KINDS(X)
#undef X
};

static struct err *raise(struct ctx *cx, enum err_kind kind, const char *field, const char *where,
                         const char *detail, va_list args) PRINTF(5, 0);

static struct err *raise(struct ctx *cx, enum err_kind kind, const char *field, const char *where,
                         const char *detail, va_list args)
{
	struct err *e = NEW(cx->arena, struct err);

	e->kind = kind;
	e->field = field;
	e->where = where;
	e->detail = arena_vprintf(cx->arena, detail, args);
	return e;
}

struct err *err_new(struct ctx *cx, enum err_kind kind, const char *where, const char *detail, ...)
{
	va_list     args;
	struct err *e;

	va_start(args, detail);
	e = raise(cx, kind, NULL, where, detail, args);
	va_end(args);
	return e;
}

struct err *err_field(struct ctx *cx, enum err_kind kind, const char *field, const char *where,
                      const char *detail, ...)
{
	va_list     args;
	struct err *e;

	va_start(args, detail);
	e = raise(cx, kind, field, where, detail, args);
	va_end(args);
	return e;
}

struct err *err_worded(struct ctx *cx, enum err_kind kind, const char *where,
                       const struct err_words *words)
{
	struct err       *e = err_new(cx, kind, where, "%s: %s", words->code, words->text);
	struct err_words *kept = NEW(cx->arena, struct err_words);

	*kept = *words;
	e->words = kept;
	return e;
}

int err_http_status(enum err_kind kind)
{
	return table[kind].http;
}

const char *err_code(enum err_kind kind)
{
	return table[kind].code;
}

const char *err_text(enum err_kind kind)
{
	return table[kind].text;
}

int err_status(const struct err *e)
{
	return e->words && e->words->status ? e->words->status : err_http_status(e->kind);
}

const char *err_word(const struct err *e)
{
	return e->words ? e->words->code : err_code(e->kind);
}
