/* incoming.c -- a request that arrives is found out, waited for, and handed on or refused.
 *
 * It is only peeked at while its socket holds it: reading it is the business of the thread it goes
 * to. A larger one is taken into a file, and so is one that comes in many pieces, for each look
 * begins at its first byte. */
#include "incoming.h"

#include "../base/address.h"
#include "../base/clock.h"

#include <errno.h>
#include <sys/socket.h>

#define LOOKS_MAX  8u    /* at a request that does not end */
#define PEEK_BYTES 4096u /* more are looked at only where these do not hold the head */

static unsigned char peeked[FCGI_HEAD_MAX];

static void hand_on(struct conn *c)
{
	uint64_t     now = clock_mono_ms();
	struct conn *surplus;

	c->job.arriving = arrival_others(&c->arrival);
	if (!conn_has_file(c))
		arrival_end(&c->arrival);
	else if (c->refusal != REFUSAL_NONE)
		arrival_cut(&c->arrival);
	c->coming_ms = c->talks ? (unsigned)(now - c->since_ms) : 0;
	c->state = IN_HAND;
	c->has_news = false;
	c->since_ms = now;
	c->until_ms = DEADLINE_NEVER.at_ms;
	surplus = office.how.hand_on(c);
	if (surplus)
		office_close(surplus);
}

/* Where it ends is known only to who has read all of it that is here. */
static bool take_head(struct conn *c)
{
	enum arrived arrived = arrival_begin_file(&c->arrival);

	while (arrived == ARRIVED_PART)
		arrived = arrival_take(&c->arrival, c->fd);
	return arrived != ARRIVED_NOWHERE && arrived != ARRIVED_END;
}

void incoming_refuse(struct conn *c, enum refusal why)
{
	if (!conn_has_file(c) && !take_head(c)) {
		office_close(c);
		return;
	}
	c->refusal = why;
	hand_on(c);
}

/* Of those that arrive, or else wait for a thread; NULL: all of its are in the hands of threads. */
static struct conn *one_of(const struct sender *s)
{
	for (struct conn *c = office.all; c; c = c->next)
		if (c->state == PARKED && c->arrival.sender == s)
			return c;
	return office.how.take_back(sender_client(s));
}

/* False: there is none for c, whose sender has as much as anybody or more. */
static bool make_room(struct conn *c)
{
	const struct sender *most = NULL;
	struct conn         *other = NULL;

	while (arrivals_are_too_many()) {
		most = arrival_greediest(&c->arrival);
		other = most ? one_of(most) : NULL;
		if (!other)
			return false;
		incoming_refuse(other, REFUSAL_TOO_MUCH);
	}
	return true;
}

static void wait_for_rest(struct conn *c)
{
	if (!c->talks) {
		c->since_ms = clock_mono_ms();
		c->looks = 0;
	}
	c->talks = true;
	c->looks++;
}

static void go_on(struct conn *c, enum arrived arrived)
{
	if ((arrived == ARRIVED_WHOLE || arrived == ARRIVED_PART) && !make_room(c))
		arrived = ARRIVED_TOO_MUCH;
	if (arrived == ARRIVED_WHOLE)
		hand_on(c);
	else if (arrived == ARRIVED_TOO_MUCH)
		incoming_refuse(c, REFUSAL_TOO_MUCH);
	else if (arrived == ARRIVED_NOWHERE || arrived == ARRIVED_END)
		office_close(c);
}

static void take_in(struct conn *c)
{
	enum arrived arrived;

	do
		arrived = arrival_take(&c->arrival, c->fd);
	while (arrived == ARRIVED_PART && make_room(c));
	go_on(c, arrived);
}

/* Of its request n bytes were peeked at. */
static void wait_for_body(struct conn *c, size_t n, const struct fcgi_body *body)
{
	enum arrived arrived = arrival_hold(&c->arrival, c->job.client, n, body);

	wait_for_rest(c);
	if (arrived == ARRIVED_PART && (n == FCGI_HEAD_MAX || c->looks > LOOKS_MAX)) {
		arrived = arrival_begin_file(&c->arrival);
		if (arrived == ARRIVED_PART)
			return take_in(c);
	}
	go_on(c, arrived);
}

static ssize_t peek(const struct conn *c, size_t max)
{
	return recv(c->fd, peeked, max, MSG_PEEK | MSG_DONTWAIT);
}

static void judge(struct conn *c, size_t n, enum fcgi_head head, const struct fcgi_body *body)
{
	if (head == FCGI_HEAD_WHOLE || head == FCGI_HEAD_UNSAID)
		c->job.client = address_key(fcgi_head_param(peeked, n, "REMOTE_ADDR"));
	if (head == FCGI_HEAD_WHOLE)
		hand_on(c);
	else if (head == FCGI_HEAD_UNSAID)
		wait_for_body(c, n, body);
	else if (head == FCGI_HEAD_PART)
		wait_for_rest(c);
	else
		office_close(c);
}

static void look_at(struct conn *c)
{
	struct fcgi_body body;
	ssize_t          n = peek(c, PEEK_BYTES);
	enum fcgi_head   head = FCGI_HEAD_BROKEN; /* or its end */

	if (n < 0 && errno == EAGAIN)
		return;
	if (n > 0)
		head = fcgi_head(peeked, (size_t)n, &body);
	if (n == PEEK_BYTES && (head == FCGI_HEAD_PART || head == FCGI_HEAD_UNSAID)) {
		n = peek(c, FCGI_HEAD_MAX);
		head = n > 0 ? fcgi_head(peeked, (size_t)n, &body) : FCGI_HEAD_BROKEN;
	}
	judge(c, n > 0 ? (size_t)n : 0, head, &body);
}

/* What comes behind it is a request like any other. */
static void skip_rest(struct conn *c)
{
	enum arrived arrived = arrival_skip(&c->rest, c->fd);

	c->is_over = arrived != ARRIVED_WHOLE;
	if (arrived == ARRIVED_WHOLE)
		look_at(c);
	else if (arrived == ARRIVED_END)
		office_close(c);
}

void incoming_look(struct conn *c)
{
	if (c->is_over)
		skip_rest(c);
	else if (conn_has_file(c))
		take_in(c);
	else
		look_at(c);
}
