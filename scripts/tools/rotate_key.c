/* rotate_key.c -- the tool behind scripts/rotate-key: seals everything with the present key. */
#include "tool.h"

#include "../../common/store/rotation.h"

#define BATCH 500

static struct err *rotate(struct ctx *cx, size_t i, int64_t *left)
{
	struct rotation r = {.last_id = "00000000-0000-0000-0000-000000000000"};

	while (!r.is_over) {
		TRY(rotation_step(cx, i, BATCH, tool_actor(), &r));
		arena_reset(cx->arena);
	}
	printf("%-14s %8lld sealed anew, %lld that neither key opens, %lld given again meanwhile\n",
	       rotation_table(i), (long long)r.resealed, (long long)r.unreadable, (long long)r.doubles);
	*left += r.unreadable + r.doubles;
	return NULL;
}

int main(void)
{
	struct ctx *cx = tool_start("rotate_key");
	int64_t     left = 0;
	struct err *e = NULL;

	for (size_t i = 0; !e && i < rotation_tables(); i++)
		e = rotate(cx, i, &left);
	if (tool_end(e))
		return 1;
	if (left)
		printf("%lld rows still need the former key or a person\n", (long long)left);
	else
		printf("nothing needs the former key any more\n");
	return left ? 3 : 0;
}
