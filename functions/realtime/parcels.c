/* parcels.c -- messages with counts of who holds them; queues of them.
 *
 * What links a message to a queue is taken from one heap of such links, which is as large as it
 * ever had to be. All of it belongs to the thread that serves. */
#include "parcels.h"

#include <string.h>

struct outbox_item {
	struct parcel      *parcel;
	struct outbox_item *next;
};

#define ITEMS_AT_ONCE 128

static struct outbox_item *unused;
static struct arena       *heap; /* lives as long as the process */

struct parcel *parcel_new(struct span bytes, bool is_binary)
{
	struct arena  *a = arena_new(sizeof(struct parcel) + PARCEL_HEAD + bytes.len + 64);
	struct parcel *p = NEW(a, struct parcel);
	char          *room = arena_alloc_raw(a, PARCEL_HEAD + bytes.len + 1);

	*p = (struct parcel){.arena = a, .refs = 1, .is_binary = is_binary, .len = bytes.len};
	p->bytes = room + PARCEL_HEAD;
	memcpy(p->bytes, bytes.ptr, bytes.len);
	return p;
}

void parcel_drop(struct parcel *p)
{
	struct arena *a = p ? p->arena : NULL;

	if (p && --p->refs == 0)
		arena_free(&a);
}

static void make_items(void)
{
	struct outbox_item *items;

	if (!heap)
		heap = arena_new(4096);
	items = NEW_ARRAY(heap, struct outbox_item, ITEMS_AT_ONCE);
	for (size_t i = 0; i < ITEMS_AT_ONCE; i++) {
		items[i].next = unused;
		unused = &items[i];
	}
}

void outbox_add(struct outbox *box, struct parcel *p)
{
	struct outbox_item *item;

	if (!unused)
		make_items();
	item = unused;
	unused = item->next;
	*item = (struct outbox_item){.parcel = p};
	p->refs++;
	if (box->last)
		box->last->next = item;
	else
		box->first = item;
	box->last = item;
	box->bytes += p->len;
}

struct parcel *outbox_take(struct outbox *box)
{
	struct outbox_item *item = box->first;
	struct parcel      *p;

	if (!item)
		return NULL;
	p = item->parcel;
	box->first = item->next;
	if (!box->first)
		box->last = NULL;
	box->bytes -= p->len;
	item->next = unused;
	unused = item;
	return p;
}

void outbox_clear(struct outbox *box)
{
	for (struct parcel *p = outbox_take(box); p; p = outbox_take(box))
		parcel_drop(p);
}
