/* responder_lines.c -- the lines (responder_lines.tsv), and the seven manners (manners.tsv). */
#include "responder_lines.h"

#include "../../base/str.h"

/* In the order of enum mode. */
#define MANNERS(X) \
	X(william) X(entrepreneur) X(professional) X(mentor) X(storyteller) X(futurist) X(interviewer)

/* The parts of a manner: one for each slot, in its order, and two more. */
#define PARTS(X, mode) \
	X(mode, name) \
	X(mode, problem) \
	X(mode, work) \
	X(mode, timeline) \
	X(mode, budget) \
	X(mode, contact) \
	X(mode, plain) \
	X(mode, colour)

/* clang-format off */
enum { PART_PLAIN = SLOTS_N, PART_COLOUR, PARTS_N };
enum {
#define PART(mode, part) mode##_##part,
#define X(mode) PARTS(PART, mode)
	MANNERS(X)
#undef X
#undef PART
	MANNER_PARTS
};
/* clang-format on */
_Static_assert(MANNER_PARTS == MODES_N * PARTS_N, "each manner has each part");

static const struct {
	int         part;
	const char *line;
} manners[] = {
#define X(name, text) {name, text},
#include "common/domain/talk/manners.tsv.h"
#undef X
};

/* Names of acts and of the occasions beside them. */
enum {
#define X(name) LINE_##name = ACT_##name,
	ACTS(X)
#undef X
#define X(name) LINE_##name = SAY_##name,
		OCCASIONS(X)
#undef X
};

static const struct {
	int         occasion;
	const char *line;
} lines[] = {
#define X(name, text) {LINE_##name, text},
#include "common/domain/talk/responder_lines.tsv.h"
#undef X
};

/* The lines of a manner's part, behind the n that are there. */
static size_t add_manner(enum mode mode, int part, const char *out[LINES_MAX + 1], size_t n)
{
	for (size_t i = 0; i < COUNT(manners) && n < LINES_MAX; i++)
		if (manners[i].part == (int)mode * PARTS_N + part)
			out[n++] = manners[i].line;
	out[n] = NULL;
	return n;
}

size_t lines_for(int occasion, enum mode mode, const char *out[LINES_MAX + 1])
{
	size_t n = occasion == SAY_plain ? add_manner(mode, PART_PLAIN, out, 0) : 0;

	for (size_t i = 0; i < COUNT(lines) && n < LINES_MAX; i++)
		if (lines[i].occasion == occasion)
			out[n++] = lines[i].line;
	out[n] = NULL;
	return n;
}

size_t lines_asking(enum slot slot, enum mode mode, const char *out[LINES_MAX + 1])
{
	return add_manner(mode, (int)slot, out, 0);
}

size_t lines_of_colour(enum mode mode, const char *out[LINES_MAX + 1])
{
	return add_manner(mode, PART_COLOUR, out, 0);
}
