/* phoenix.c -- messages of the Phoenix protocol. */
#include "phoenix.h"

#include "../base/json_out.h"
#include "../base/utf8.h"

#define BROADCAST "broadcast"

/* Of a binary message: what it is, and how what is broadcast is written. */
enum { KIND_PUSH = 3, KIND_BROADCAST = 4 };
enum { ENCODED_BYTES = 0, ENCODED_JSON = 1 };
#define PUSH_TEXTS      5 /* join_ref, ref, topic, event, metadata; a length of each */
#define PUSH_HEAD_BYTES (1 + PUSH_TEXTS + 1)

bool phoenix_version(const char *text, enum phoenix_version *out)
{
	*out = str_equal(text, "2.0.0") ? PHOENIX_2 : PHOENIX_1;
	return !text || *out == PHOENIX_2 || str_equal(text, "1.0.0");
}

/* ---- what came ---- */

static struct err *take_text(struct ctx *cx, const struct cJSON *node, const char *what,
                             bool is_needed, const char **out)
{
	*out = NULL;
	if (!node || json_type(node) == JSON_NULL) {
		if (is_needed)
			FAIL(cx, ERR_INPUT, "%s is missing", what);
		return NULL;
	}
	*out = json_text_at(node, "");
	if (!*out)
		FAIL(cx, ERR_INPUT, "%s is no text", what);
	if (strlen(*out) > PHOENIX_TEXT_MAX)
		FAIL(cx, ERR_INPUT, "%s is too long", what);
	return NULL;
}

/* A broadcast is written as an event with a payload in the payload. */
static struct err *open_broadcast(struct ctx *cx, struct phoenix_message *m)
{
	const struct cJSON *outer = m->payload;

	if (!str_equal(m->event, BROADCAST))
		return NULL;
	TRY(take_text(cx, outer ? json_at(outer, "event") : NULL, "the broadcast's event", true,
	              &m->name));
	m->payload = json_at(outer, "payload");
	return NULL;
}

static struct err *parse_object(struct ctx *cx, const struct cJSON *root, struct phoenix_message *m)
{
	TRY(take_text(cx, json_at(root, "topic"), "the topic", true, &m->topic));
	TRY(take_text(cx, json_at(root, "event"), "the event", true, &m->event));
	TRY(take_text(cx, json_at(root, "ref"), "ref", false, &m->ref));
	TRY(take_text(cx, json_at(root, "join_ref"), "join_ref", false, &m->join_ref));
	m->payload = json_at(root, "payload");
	return NULL;
}

static struct err *parse_array(struct ctx *cx, const struct cJSON *root, struct phoenix_message *m)
{
	const struct cJSON *at[5], *node = json_first(root);

	for (size_t i = 0; i < COUNT(at); i++) {
		at[i] = node;
		node = node ? json_next(node) : NULL;
	}
	if (node)
		FAIL(cx, ERR_INPUT, "more than five members");
	TRY(take_text(cx, at[0], "join_ref", false, &m->join_ref));
	TRY(take_text(cx, at[1], "ref", false, &m->ref));
	TRY(take_text(cx, at[2], "the topic", true, &m->topic));
	TRY(take_text(cx, at[3], "the event", true, &m->event));
	m->payload = at[4];
	return NULL;
}

static struct err *parse_text(struct ctx *cx, enum phoenix_version version, struct span text,
                              struct phoenix_message *m)
{
	const struct cJSON *root;

	TRY(json_parse(cx, text, &root));
	if (json_type(root) != (version == PHOENIX_1 ? JSON_OBJECT : JSON_ARRAY))
		FAIL(cx, ERR_INPUT, "no message of this version");
	TRY(version == PHOENIX_1 ? parse_object(cx, root, m) : parse_array(cx, root, m));
	return open_broadcast(cx, m);
}

/* The next of the texts whose lengths stand in the head; NULL where it is empty. */
static struct err *next_text(struct ctx *cx, struct span *rest, size_t len, const char **out)
{
	struct span text = {rest->ptr, len};

	*out = NULL;
	if (len > rest->len)
		FAIL(cx, ERR_INPUT, "the message ends too early");
	if (!utf8_is_valid(text) || (len && memchr(text.ptr, 0, len)))
		FAIL(cx, ERR_INPUT, "a text is not UTF-8");
	*rest = (struct span){rest->ptr + len, rest->len - len};
	if (len)
		*out = arena_strndup(cx->arena, text.ptr, len);
	return NULL;
}

static struct err *parse_push(struct ctx *cx, struct span all, struct phoenix_message *m)
{
	const char *texts[PUSH_TEXTS];
	struct span rest;

	if (all.len < PUSH_HEAD_BYTES || all.ptr[0] != KIND_PUSH)
		FAIL(cx, ERR_INPUT, "no binary message that is known");
	rest = (struct span){all.ptr + PUSH_HEAD_BYTES, all.len - PUSH_HEAD_BYTES};
	for (size_t i = 0; i < PUSH_TEXTS; i++)
		TRY(next_text(cx, &rest, (unsigned char)all.ptr[1 + i], &texts[i]));
	if (!texts[2] || !texts[3])
		FAIL(cx, ERR_INPUT, "the topic or the event is missing");
	*m = (struct phoenix_message){.join_ref = texts[0],
	                              .ref = texts[1],
	                              .topic = texts[2],
	                              .name = texts[3],
	                              .event = BROADCAST,
	                              .bytes = rest};
	if (all.ptr[1 + PUSH_TEXTS] == ENCODED_JSON)
		return json_parse(cx, rest, &m->payload);
	if (all.ptr[1 + PUSH_TEXTS] != ENCODED_BYTES)
		FAIL(cx, ERR_INPUT, "an encoding that is not known");
	return NULL;
}

struct err *phoenix_parse(struct ctx *cx, enum phoenix_version version, struct span text,
                          bool is_binary, struct phoenix_message *out)
{
	*out = (struct phoenix_message){.topic = NULL};
	if (!is_binary)
		return parse_text(cx, version, text, out);
	if (version == PHOENIX_1)
		FAIL(cx, ERR_INPUT, "this version has no binary messages");
	return parse_push(cx, text, out);
}

/* ---- what goes ---- */

static void print_object(struct json_out *j, const struct phoenix_text *text)
{
	json_obj(j, NULL);
	json_str(j, "topic", text->topic);
	json_str(j, "event", text->event);
	json_raw(j, "payload", text->payload);
	json_str(j, "ref", text->ref);
	if (text->join_ref)
		json_str(j, "join_ref", text->join_ref);
	json_end(j);
}

static void print_array(struct json_out *j, const struct phoenix_text *text)
{
	json_arr(j, NULL);
	json_str(j, NULL, text->join_ref);
	json_str(j, NULL, text->ref);
	json_str(j, NULL, text->topic);
	json_str(j, NULL, text->event);
	json_raw(j, NULL, text->payload);
	json_end(j);
}

struct err *phoenix_print(struct ctx *cx, enum phoenix_version version,
                          const struct phoenix_text *text, size_t max, struct span *out)
{
	struct json_out *j = json_new(cx->arena, max);

	if (version == PHOENIX_1)
		print_object(j, text);
	else
		print_array(j, text);
	return json_finish(cx, j, out);
}

struct span phoenix_print_bytes(struct ctx *cx, const char *topic, const char *name,
                                struct span bytes)
{
	size_t     topic_len = strlen(topic), name_len = strlen(name);
	struct buf b = buf_new(cx->arena, topic_len + name_len + bytes.len + 16);

	buf_char(&b, KIND_BROADCAST);
	buf_char(&b, (char)topic_len);
	buf_char(&b, (char)name_len);
	buf_char(&b, 0); /* metadata */
	buf_char(&b, ENCODED_BYTES);
	buf_add(&b, topic, topic_len);
	buf_add(&b, name, name_len);
	buf_add(&b, bytes.ptr, bytes.len);
	return buf_span(&b);
}
