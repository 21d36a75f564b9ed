/* phoenix.h -- messages of the Phoenix protocol, as realtime-js sends and reads them.
 *
 * Version 1.0.0 writes each as a JSON object, 2.0.0 as an array of five; in the latter what
 * somebody broadcasts may be binary too: a kind, lengths of a byte each, texts, then its bytes. */
#ifndef PHOENIX_H
#define PHOENIX_H

#include "../base/json_in.h"

enum phoenix_version { PHOENIX_1, PHOENIX_2 };

/* "1.0.0" and "2.0.0"; without one, as for the oldest clients, the first. False: neither. */
bool phoenix_version(const char *text, enum phoenix_version *out);

/* What came. Texts are valid UTF-8 of at most PHOENIX_TEXT_MAX bytes. */
#define PHOENIX_TEXT_MAX 255
struct phoenix_message {
	const char         *topic, *event;
	const char         *ref, *join_ref; /* NULL: it has none, and wants no reply */
	const struct cJSON *payload;        /* of a broadcast, what is broadcast; NULL: there is none */
	const char         *name;           /* of a broadcast, its own event; NULL of all else */
	struct span         bytes;          /* broadcast as they are, where payload is NULL */
};

/* ERR_INPUT when it is no message of that version. A payload lives as long as `text` does. */
struct err *phoenix_parse(struct ctx *cx, enum phoenix_version version, struct span text,
                          bool is_binary, struct phoenix_message *out) CHECKED;

/* A message to a client; ref and join_ref may be NULL; the payload is JSON. ERR_INTERNAL when it
 * is beyond `max` bytes. */
struct phoenix_text {
	const char *topic, *event, *ref, *join_ref;
	struct span payload;
};
struct err *phoenix_print(struct ctx *cx, enum phoenix_version version,
                          const struct phoenix_text *text, size_t max, struct span *out) CHECKED;

/* Bytes that somebody broadcast, for clients of version 2. topic and name as parsed. */
struct span phoenix_print_bytes(struct ctx *cx, const char *topic, const char *name,
                                struct span bytes);

#endif
