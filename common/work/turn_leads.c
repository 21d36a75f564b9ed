/* turn_leads.c -- the worth of what is known, and a second chance for a turn that nobody read. */
#include "turn_leads.h"

#include "../domain/lead/rule_extract.h"
#include "../domain/talk/care.h"
#include "../domain/talk/reading.h"
#include "../engines/acts.h"
#include "../engines/unread.h"

const struct turn_lead *turn_lead_with(struct ctx *cx, const struct turn *turn,
                                       const struct extract *found, const char *provider)
{
	struct turn_lead  *lead = NEW(cx->arena, struct turn_lead);
	struct lead_score *score = NEW(cx->arena, struct lead_score);

	*lead = (struct turn_lead){extract_merge(cx, turn->known, found), score, provider};
	if (!lead->extract)
		return NULL;
	lead_score(lead->extract, score);
	return lead;
}

static const struct turn_lead *told_by_rules(struct ctx *cx, const struct turn *turn)
{
	const struct exchange *talk;
	struct rule_told       told;
	size_t                 n;

	talk = reading_talk(cx, turn->history, turn->history_n, turn->message, &n);
	rule_extract_on(cx, turn->known, talk, n, &told);
	return turn_lead_with(cx, turn, told.all, LEAD_BY_RULES);
}

struct err *turn_lead_of_broken(struct ctx *cx, const char *session_id, bool *was_read_out)
{
	struct turn_end  end = {.reply = "", .is_broken = true};
	struct act_words said;
	struct turn      turn;
	enum act         act;
	struct err      *e;

	TRY(turn_unread(cx, session_id, &turn, was_read_out));
	if (!*was_read_out)
		return NULL;
	said = act_words_of(cx, span_of(turn.message));
	act = acts_read(cx, &said, NULL, NULL, true);
	unread_read(cx, turn.history, turn.history_n);
	end.event = act_event(act);
	end.is_in_distress =
		care_is_needed(cx, act, span_of(turn.message), care_messages(turn.history, turn.history_n));
	if (!end.is_in_distress)
		end.lead = told_by_rules(cx, &turn);
	e = turn_finish(cx, &turn, &end);
	*was_read_out = !e;
	return e && e->kind == ERR_SUPERSEDED ? NULL : e; /* a newer turn reads it itself */
}
