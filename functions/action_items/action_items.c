/* action_items -- what is to be done, of a piece of a conversation that the caller has.
 *
 * POST { action: "extract", extract_from or text }
 *   -> { success, extracted: [{ text, owner, priority }] }
 *
 * By our own reading, without a model: whoever has the key of browsers may ask, which is everybody.
 * For the same reason nothing is stored: no session is proven. What is kept of a conversation comes
 * from agent_reply and summarize_session. */
#include "../../common/domain/lead/rule_extract.h"
#include "../../common/domain/memory/action_items.h"
#include "../../common/domain/talk/act.h"
#include "../../common/domain/text/written_talk.h"
#include "../../common/web/keys.h"
#include "../../common/web/service.h"

#define ACTION_MAX     50
#define READ_BYTES_MAX 8000 /* of more nothing is read: that is no turn of a conversation */
#define SAID_MAX       64   /* utterances of it; the newest */

struct in {
	const char *action, *extract_from, *text;
};

static const struct input_field fields[] = {
	INPUT_TEXT(in, action, .is_required = true, .max = ACTION_MAX),
	INPUT_TEXT(in, extract_from, .may_be_blank = true, .max = INT64_MAX),
	INPUT_TEXT(in, text, .may_be_blank = true, .max = INT64_MAX),
};

static struct err *check(struct req *rq, const struct in *in)
{
	struct ctx *cx = req_ctx(rq);

	if (!keys_accept(cx, req_header(rq, "apikey"), req_header(rq, "Authorization")))
		FAIL(cx, ERR_UNAUTHORIZED, "no good key");
	if (!str_equal(in->action, "extract"))
		FAIL_FIELD(cx, "action", "must be extract");
	if (!in->extract_from && !in->text)
		FAIL_FIELD(cx, "extract_from", "is missing");
	return NULL;
}

static bool is_in_danger(struct ctx *cx, const struct utterance_text *said, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (said[i].speaker == SPEAKER_VISITOR && act_words_of(cx, span_of(said[i].text)).is_danger)
			return true;
	return false;
}

/* What an agent's turn owes by rules, as a turn without a model finds it. */
static void add_followups(struct ctx *cx, struct action_items *items,
                          const struct utterance_text *said, size_t n)
{
	struct exchange       talk[SAID_MAX];
	size_t                talk_n = 0;
	const struct extract *x;

	for (size_t i = 0; i < n; i++) {
		bool has_question = i > 0 && said[i - 1].speaker == SPEAKER_AGENT;

		if (said[i].speaker == SPEAKER_VISITOR)
			talk[talk_n++] = (struct exchange){
				.asked = has_question ? span_of(said[i - 1].text) : SPAN(""),
				.said = span_of(said[i].text),
			};
	}
	x = talk_n ? rule_extract(cx, talk, talk_n) : NULL;
	for (size_t i = 0; x && i < x->n_actions; i++)
		action_add_followup(cx, items, x->followup_actions[i], "medium");
}

/* Of somebody in danger nothing is taken down. */
static void read_talk(struct ctx *cx, const char *text, struct action_items *items)
{
	struct utterance_text said[SAID_MAX];
	size_t                n;

	if (strlen(text) > READ_BYTES_MAX)
		return;
	n = written_talk_read(cx, span_of(text), said, COUNT(said));
	if (is_in_danger(cx, said, n))
		return;
	for (size_t i = 0; i < n; i++)
		action_items_hear(cx, items, said[i]);
	add_followups(cx, items, said, n);
}

static struct err *action_items(struct req *rq)
{
	struct in           in = {.action = NULL};
	struct action_items items = {.n = 0};
	struct json_out    *out;

	TRY(input_parse(rq, fields, COUNT(fields), &in));
	TRY(check(rq, &in));
	read_talk(req_ctx(rq), in.extract_from ? in.extract_from : in.text, &items);
	out = reply_json(rq, 200, 0);
	json_obj(out, NULL);
	json_bool(out, "success", true);
	action_items_write(out, "extracted", &items);
	json_end(out);
	return NULL;
}

int main(int argc, char **argv)
{
	return service_main(argc, argv,
	                    &(struct service){.name = "action_items",
	                                      .methods = METHOD_POST,
	                                      .body_max = (size_t)1 << 20,
	                                      .deadline_ms = 5000,
	                                      .rate_per_minute = 60,
	                                      .threads = 8,
	                                      .handle = action_items});
}
