/* test_feed.c -- text from a task to a thread: nothing lost, nothing twice, and who may begin
 * anew. */
#include "unit.h"

#include "../../common/engines/feed.h"

/* What the task does, step by step: each when the one before was looked at. */
struct script {
	struct feed *feed;
	const char  *text[3]; /* NULL: begin anew */
	bool         may[3];  /* whether it might */
};

static struct err *follow(struct ctx *cx, void *data)
{
	struct script *s = data;

	(void)cx;
	for (size_t i = 0; i < COUNT(s->text); i++)
		s->may[i] = s->text[i] ? feed_text(span_of(s->text[i]), s->feed) : feed_restart(s->feed);
	return NULL;
}

/* All that came, and whether something before it was void. */
static const char *read_all(struct ctx *cx, struct script *s, bool *is_anew_out)
{
	struct buf text = buf_new(cx->arena, FEED_TEXT_MAX);
	struct fed fed = {.is_over = false};

	*is_anew_out = false;
	feed_start(s->feed, follow, s);
	while (!fed.is_over) {
		assert_ok(feed_wait(s->feed, false));
		fed = feed_take(s->feed, &text);
		*is_anew_out |= fed.is_anew;
	}
	assert_ok(feed_join(s->feed));
	return buf_text(&text);
}

static void brings_all_of_it(void **state)
{
	struct ctx   *cx = *state;
	struct script s = {.feed = feed_new(cx, true), .text = {"One", " two", "."}};
	bool          is_anew;

	cx->deadline = deadline_in(30000);
	assert_string_equal(read_all(cx, &s, &is_anew), "One two.");
	assert_false(is_anew);
}

static void begins_anew_while_nothing_is_out(void **state)
{
	struct ctx   *cx = *state;
	struct script s = {.feed = feed_new(cx, true), .text = {"One", NULL, "Two"}};
	bool          is_anew;

	cx->deadline = deadline_in(30000);
	assert_string_equal(read_all(cx, &s, &is_anew), "Two");
	assert_true(is_anew && s.may[1]);
}

static void goes_on_alone_behind_what_is_out(void **state)
{
	struct ctx   *cx = *state;
	struct script s = {.feed = feed_new(cx, true), .text = {"One", NULL, " two"}};
	bool          is_anew;

	cx->deadline = deadline_in(30000);
	assert_true(feed_claim(s.feed));
	assert_string_equal(read_all(cx, &s, &is_anew), "One two");
	assert_false(is_anew || s.may[1]);
}

/* What another has begun meanwhile is not told as if it were the first one's. */
static void claims_only_what_it_knows(void **state)
{
	struct ctx  *cx = *state;
	struct feed *told = feed_new(cx, true), *kept = feed_new(cx, false);
	struct buf   text = buf_new(cx->arena, FEED_TEXT_MAX);

	assert_true(feed_restart(told) && feed_restart(kept));
	assert_false(feed_claim(told));
	assert_true(feed_take(told, &text).is_anew);
	assert_true(feed_claim(told) && feed_claim(kept));
	assert_false(feed_restart(told));
	assert_true(feed_restart(kept));
}

static void tells_what_is_urgent(void **state)
{
	struct ctx  *cx = *state;
	struct feed *f = feed_new(cx, true);
	struct buf   text = buf_new(cx->arena, FEED_TEXT_MAX);

	feed_text(SPAN("Yes"), f);
	assert_false(feed_take(f, &text).is_urgent);
	feed_text(SPAN(" it"), f);
	feed_text(SPAN(" is."), f);
	assert_true(feed_take(f, &text).is_urgent);
	feed_text(SPAN(" And"), f); /* which ends what was before it */
	assert_true(feed_take(f, &text).is_urgent);
	feed_text(SPAN(" so"), f);
	assert_false(feed_take(f, &text).is_urgent);
	assert_string_equal(buf_text(&text), "Yes it is. And so");
}

static void ends_when_nobody_waits(void **state)
{
	struct ctx   *cx = *state;
	struct feed  *f = feed_new(cx, true);
	struct cancel cancel;

	cancel_init(&cancel);
	cx->cancel = &cancel;
	cx->deadline = deadline_in(0);
	assert_err(feed_wait(f, false), ERR_DEADLINE);
	cx->deadline = deadline_in(30000);
	cancel_fire(&cancel, CANCEL_CLIENT_LEFT);
	assert_err(feed_wait(f, true), ERR_CANCELLED);
	cx->cancel = NULL;
	cancel_end(&cancel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(brings_all_of_it),
		UNIT_TEST(begins_anew_while_nothing_is_out),
		UNIT_TEST(goes_on_alone_behind_what_is_out),
		UNIT_TEST(claims_only_what_it_knows),
		UNIT_TEST(tells_what_is_urgent),
		UNIT_TEST(ends_when_nobody_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
