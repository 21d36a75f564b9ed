/* turn_count.c -- one turn, as its end finds it. */
#include "turn_count.h"

#include "../../common/base/metrics.h"

static enum metric_turn end_of(const struct answer *a, const struct err *e)
{
	if (!e)
		return a->is_truncated ? TURN_END_truncated : TURN_END_answered;
	if (e->kind == ERR_SUPERSEDED)
		return TURN_END_superseded;
	return e->kind == ERR_CANCELLED ? TURN_END_cancelled : TURN_END_failed;
}

/* What it did not come to is 0. */
static void count_stage(enum metric_stage stage, uint64_t ms)
{
	if (ms)
		metrics_time_ms(METRIC_turn_time, AT(stage), ms);
}

static void count_stages(const struct answer *a)
{
	count_stage(STAGE_hear, a->heard_ms);
	count_stage(STAGE_begin, a->begin_ms);
	count_stage(STAGE_recall, a->recall_ms);
	count_stage(STAGE_first_token, a->first_token_ms);
	count_stage(STAGE_think, a->think_ms);
	count_stage(STAGE_first_sentence, a->first_sentence_ms);
	count_stage(STAGE_first_audio, a->first_audio_ms);
	count_stage(STAGE_last_audio, a->last_audio_ms);
	count_stage(STAGE_total, clock_mono_ms() - a->start_ms);
}

void count_turn(const struct answer *a, const struct err *e)
{
	enum metric_part part;

	metrics_add(METRIC_turns, AT(end_of(a, e)), 1);
	for (size_t i = 0; i < a->degraded_n; i++)
		if (metrics_part(a->degraded[i], &part))
			metrics_add(METRIC_degraded, AT(part), 1);
	if (e)
		return;
	count_stages(a);
	flags_count(&a->flags);
}
