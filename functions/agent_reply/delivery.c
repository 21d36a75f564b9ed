/* delivery.c -- what is thought comes by a feed, what is spoken by its post, and at either the
 * thread takes a step: it cuts, starts voices, hands on. */
#include "delivery.h"

#include "../../common/base/log.h"
#include "../../common/base/stages.h"
#include "../../common/domain/voice/reply_text.h"
#include "voices.h"

#define VOICES_MAX 2u

/* Of what was handed on. */
struct told {
	unsigned pieces_sent, audible_ms;
	size_t   ends_n;
	size_t   handed_on; /* bytes of what is said */
	uint64_t audio_at_ms, audio_end_at_ms, plays_until_ms;
	bool     is_degraded, lacks_audio;
};

struct delivery {
	struct ctx           *cx;
	struct delivery_order order;
	struct feed          *feed;
	struct buf            taken; /* of what it brought */
	struct deadline       until;

	struct err *(*think)(struct ctx *cx, void *data); /* NULL: nothing is thought */
	void              *think_data;
	const char        *whole, *closing; /* what it ended with */
	struct reply_text *reply;
	bool               is_thought, has_thought, has_sentence;

	struct buf          said;  /* all sentences so far */
	size_t              shown; /* bytes of that, and of the sentence begun, that are out: */
	struct buf          ahead; /* what the latter were */
	struct piece       *pieces, **pieces_end, *current; /* current: NULL when all was handed on */
	size_t              pieces_n;
	struct spoken_piece ends[SPOKEN_PIECES_MAX];   /* of what was sent */
	uint64_t            sentence_at_ms, cut_at_ms; /* of the first; of the last, or the beginning */
	struct told         told, ours;                /* now, and before what is thought */
	bool                has_told_thought;
	uint64_t            speaking_ms, spoken_bytes; /* how long voices take */
};

static feed_look take_step;

struct delivery *delivery_new(struct ctx *cx, const struct delivery_order *order)
{
	struct delivery *d = NEW(cx->arena, struct delivery);

	d->cx = cx;
	d->order = *order;
	d->cut_at_ms = clock_mono_ms();
	d->feed = feed_new(cx, order->outlet != NULL, take_step, d);
	d->taken = buf_new(cx->arena, FEED_TEXT_MAX);
	d->said = buf_new(cx->arena, FEED_TEXT_MAX);
	d->ahead = buf_new(cx->arena, FEED_TEXT_MAX);
	d->reply = reply_text_new(cx->arena, order->sentences_max, order->first_bytes);
	d->pieces_end = &d->pieces;
	d->is_thought = true;
	return d;
}

/* ---- by who thinks ---- */

bool delivery_is_full(const struct delivery *d)
{
	return d->order.outlet && reply_text_is_full(d->reply);
}

bool delivery_text(struct span piece, void *data)
{
	struct delivery *d = data;

	return feed_text(piece, d->feed) && !(delivery_is_full(d) && !d->current);
}

bool delivery_restart(struct delivery *d)
{
	return feed_restart(d->feed);
}

void delivery_thought(struct delivery *d, const char *whole, const char *closing)
{
	d->whole = whole;
	d->closing = closing;
}

void delivery_think(struct delivery *d, struct err *(*think)(struct ctx *cx, void *data),
                    void            *data)
{
	d->is_thought = false;
	d->think = think;
	d->think_data = data;
}

/* ---- pieces ---- */

static struct piece *add_piece(struct delivery *d, struct span text, bool is_thought)
{
	struct piece *p = NEW(d->cx->arena, struct piece);

	buf_add(&d->said, text.ptr, text.len);
	STAGE(d->cx, "sentence", d->cut_at_ms, STAGE_INT("n", d->pieces_n),
	      STAGE_INT("bytes", text.len));
	d->cut_at_ms = clock_mono_ms();
	if (!d->sentence_at_ms)
		d->sentence_at_ms = d->cut_at_ms;
	d->has_sentence = true;
	p->post = feed_post(d->feed);
	p->in_parts = d->order.outlet != NULL;
	p->text = text;
	p->is_thought = is_thought;
	p->parts_end = &p->parts;
	p->is_spoken = p->is_silent =
		!d->order.is_aloud || (d->order.spoken_max && d->pieces_n >= d->order.spoken_max);
	d->pieces_n++;
	*d->pieces_end = p;
	d->pieces_end = &p->next;
	if (!d->current)
		d->current = p;
	return p;
}

/* Sentence by sentence, the first behind `gap`. */
static void say(struct delivery *d, const char *text, const char *gap)
{
	struct span rest = span_of(text), sentence;
	const char *from = text;

	for (; sentence_next(&rest, &sentence, true); gap = "") {
		size_t len = (size_t)(sentence.ptr + sentence.len - from);

		add_piece(d, span_of(arena_printf(d->cx->arena, "%s%.*s", gap, (int)len, from)), false);
		from += len;
	}
}

void delivery_say(struct delivery *d, const char *text)
{
	say(d, text, d->said.len ? " " : "");
}

/* Nobody has heard of it: what is thought begins anew, behind our own words. */
static void drop_thought(struct delivery *d)
{
	struct piece **at = &d->pieces;

	d->reply = reply_text_new(d->cx->arena, d->order.sentences_max, d->order.first_bytes);
	d->has_thought = false;
	d->said.len = 0;
	d->pieces_n = 0;
	for (; *at && !(*at)->is_thought; at = &(*at)->next) {
		d->said.len += (*at)->text.len;
		d->pieces_n++;
	}
	for (struct piece *p = *at; p; p = p->next)
		if (p->task)
			task_cancel(p->task);
	if (d->current && d->current->is_thought)
		d->current = NULL;
	if (d->has_told_thought)
		d->told = d->ours;
	d->has_told_thought = false;
	if (at == &d->pieces)
		d->sentence_at_ms = 0;
	d->pieces_end = at;
	*at = NULL;
}

/* What is written by now. */
static void take_news(struct delivery *d)
{
	struct fed fed = feed_take(d->feed, &d->taken);

	if (fed.is_anew)
		drop_thought(d);
	reply_text_add(d->reply, buf_span(&d->taken));
	d->taken.len = 0;
}

static void cut(struct delivery *d)
{
	struct span sentence;

	reply_text_read(d->reply);
	while (reply_text_next(d->reply, &sentence)) {
		feed_claim(d->feed);
		if (d->said.len && !d->has_thought)
			sentence =
				span_of(arena_printf(d->cx->arena, " %.*s", (int)sentence.len, sentence.ptr));
		d->has_thought = true;
		add_piece(d, sentence, true);
	}
}

/* What was shown ahead of what is said now may have been the beginning of something else. */
static void show_again(struct delivery *d)
{
	size_t      from = d->shown - d->ahead.len;
	struct span said = {buf_text(&d->said) + from, d->said.len - from};

	if (!span_starts(said, buf_span(&d->ahead)))
		d->shown = from;
}

/* What was begun and never ended is dropped: what is said is whole. */
static struct err *end_thought(struct delivery *d)
{
	take_news(d);
	reply_text_end(d->reply, d->whole);
	cut(d);
	show_again(d);
	if (d->closing)
		delivery_say(d, d->closing);
	if (d->said.len == 0)
		FAIL(d->cx, ERR_UPSTREAM, "the model failed before a sentence of it was whole");
	d->is_thought = true;
	return NULL;
}

static void listen(struct delivery *d)
{
	if (d->is_thought)
		return;
	take_news(d);
	cut(d);
}

/* ---- voices ---- */

static unsigned busy_voices(struct delivery *d)
{
	struct post *post = feed_post(d->feed);
	unsigned     n = 0;

	monitor_lock(&post->aside.monitor);
	for (const struct piece *p = d->pieces; p; p = p->next)
		n += p->task && !p->is_spoken;
	monitor_unlock(&post->aside.monitor);
	return n;
}

/* What waits behind this because both voices were busy is spoken with it, where listeners have
 * enough to hear until then. */
static void group(struct delivery *d, struct piece *p)
{
	uint64_t now = clock_mono_ms(), until = d->told.plays_until_ms;
	uint64_t left = until > now ? until - now : 0;

	while (p->next && d->spoken_bytes) {
		struct piece *next = p->next;
		size_t        bytes = p->text.len + next->text.len;

		if (bytes * d->speaking_ms / d->spoken_bytes >= left)
			return;
		p->text = span_of(arena_printf(d->cx->arena, "%s%s", p->text.ptr, next->text.ptr));
		p->next = next->next;
		if (!p->next)
			d->pieces_end = &p->next;
	}
}

static void start_voices(struct delivery *d)
{
	unsigned      busy = busy_voices(d);
	struct piece *before = NULL;

	for (struct piece *p = d->pieces; p && busy < VOICES_MAX; before = p, p = p->next) {
		if (p->task || p->is_silent || p->parts)
			continue;
		if (d->order.outlet)
			group(d, p);
		p->before = before ? before->text.ptr : NULL;
		p->after = p->next ? p->next->text.ptr : NULL;
		p->until = d->until;
		piece_speak(d->cx, p);
		busy++;
	}
}

/* ---- handing on ---- */

static struct span begun(const struct delivery *d)
{
	return d->is_thought ? SPAN("") : reply_text_begun(d->reply);
}

static bool has_text_to_show(const struct delivery *d)
{
	return d->order.outlet && d->said.len + begun(d).len > d->shown;
}

/* A sentence at once, words now and then. */
static struct err *show_text(struct delivery *d)
{
	struct span more = begun(d);
	struct buf  delta = buf_new(d->cx->arena, FEED_TEXT_MAX);
	size_t      all = d->said.len + more.len;

	if (!has_text_to_show(d) || (!d->has_sentence && !feed_is_due(d->feed)))
		return NULL;
	/* Words of our own bind nobody: who fails behind them is followed by another all the same. */
	if (d->has_thought || more.len)
		feed_claim(d->feed);
	if (d->shown < d->said.len)
		buf_add(&delta, buf_text(&d->said) + d->shown, d->said.len - d->shown);
	else
		more = (struct span){more.ptr + (d->shown - d->said.len), all - d->shown};
	buf_add(&delta, more.ptr, more.len);
	d->ahead.len = 0;
	buf_add(&d->ahead, begun(d).ptr, begun(d).len);
	d->shown = all;
	feed_was_told(d->feed);
	d->has_sentence = false;
	return d->order.outlet->text(buf_span(&delta), d->order.outlet->data);
}

/* All of the piece has been sent: it was said, whatever ends the reply from here on. */
static void note_sent(struct delivery *d, struct piece *p)
{
	if (p->is_noted)
		return;
	p->is_noted = true;
	d->told.handed_on += p->text.len;
	if (d->told.ends_n < SPOKEN_PIECES_MAX)
		d->told.ends_n++;
	d->ends[d->told.ends_n - 1] =
		(struct spoken_piece){(unsigned)d->told.handed_on, d->told.audible_ms};
	if (d->order.outlet)
		d->order.outlet->sent((struct span){buf_text(&d->said), d->told.handed_on},
		                      d->told.audible_ms, d->order.outlet->data);
}

static struct err *send_part(struct delivery *d, struct piece *p, const struct speech_part *part)
{
	uint64_t           now = clock_mono_ms();
	bool               is_first = p->sent_n == 0;
	struct audio_part *out = NEW(d->cx->arena, struct audio_part);
	struct err        *e = NULL;

	*out = (struct audio_part){.seq = is_first ? d->told.pieces_sent : p->seq,
	                           .part = p->sent_n++,
	                           .text = is_first ? p->text : (struct span){NULL, 0},
	                           .speech = *part};
	p->seq = out->seq;
	d->told.pieces_sent += is_first;
	d->told.audible_ms += part->audible_ms;
	if (!d->told.audio_at_ms)
		STAGE(d->cx, "first_audio", d->order.start_ms, STAGE_INT("bytes", part->frames.len));
	d->told.audio_at_ms = d->told.audio_at_ms ? d->told.audio_at_ms : now;
	d->told.audio_end_at_ms = now;
	d->told.plays_until_ms =
		(d->told.plays_until_ms > now ? d->told.plays_until_ms : now) + part->audible_ms;
	if (d->order.outlet)
		e = d->order.outlet->audio(out, d->order.outlet->data);
	if (!e && part->is_last)
		note_sent(d, p);
	return e;
}

/* A voice that failed in the middle leaves its last part to us. */
static struct err *end_piece(struct delivery *d, struct piece *p)
{
	/* Whatever that made of the voice is no answer. What has no sound has been sent as text. */
	if (ctx_cancelled(d->cx) && !p->is_silent && !p->is_noted)
		FAIL(d->cx, ERR_CANCELLED, "nobody waits for the reply any more");
	if (p->sent && !p->sent->part.is_last)
		TRY(send_part(d, p, &(struct speech_part){.frames = SPAN(""), .is_last = true}));
	if (p->task)
		TRY(task_join(p->task));
	if (p->failed)
		log_err(LOG_WARN, d->cx, "reply_not_spoken", p->failed);
	d->told.is_degraded |= p->is_degraded;
	d->told.lacks_audio |= !p->is_silent && !p->parts;
	if (p->parts && p->task) {
		d->speaking_ms += p->spoken_at_ms - p->began_at_ms;
		d->spoken_bytes += p->text.len;
	}
	note_sent(d, p);
	d->current = p->next;
	return NULL;
}

static struct err *hand_on_piece(struct delivery *d, struct piece *p, bool *is_over_out)
{
	struct post *post = feed_post(d->feed);
	struct part *next;

	if (p->is_thought && !d->has_told_thought) {
		d->ours = d->told;
		d->has_told_thought = true;
	}
	do {
		monitor_lock(&post->aside.monitor);
		next = p->sent ? p->sent->next : p->parts;
		*is_over_out = !next && p->is_spoken;
		monitor_unlock(&post->aside.monitor);
		if (next)
			TRY(send_part(d, p, &next->part));
		p->sent = next ? next : p->sent;
	} while (next);
	return *is_over_out ? end_piece(d, p) : NULL;
}

static struct err *hand_on(struct delivery *d)
{
	bool is_over = true;

	TRY(show_text(d));
	while (is_over && d->current)
		TRY(hand_on_piece(d, d->current, &is_over));
	return NULL;
}

/* ---- a reply that was cancelled ---- */

void delivery_go_on(struct delivery *d, const struct left *left)
{
	const struct spoken_piece *last = left->ends_n ? &left->ends[left->ends_n - 1] : NULL;
	struct span                rest = {left->text.ptr + left->sent, left->text.len - left->sent};

	buf_add(&d->said, left->text.ptr, left->sent);
	d->shown = left->sent;
	d->told = (struct told){.pieces_sent = left->seq,
	                        .audible_ms = last ? last->ms : 0,
	                        .ends_n = left->ends_n,
	                        .handed_on = left->sent};
	memcpy(d->ends, left->ends, left->ends_n * sizeof(*d->ends));
	for (size_t i = 0; i < left->pieces_n; i++) {
		struct piece *p = add_piece(d, left->pieces[i].text, false);

		if (d->order.is_aloud)
			p->parts = left->pieces[i].parts;
		p->is_spoken |= p->parts != NULL;
	}
	if (!left->pieces_n)
		say(d, arena_strndup(d->cx->arena, rest.ptr, rest.len), "");
}

/* With the post's lock held: all of its sound, or none. */
static struct part *sound_of(const struct piece *p)
{
	const struct part *last = p->parts;

	while (last && last->next)
		last = last->next;
	return p->is_spoken && !p->failed && last && last->part.is_last ? p->parts : NULL;
}

bool delivery_left(struct delivery *d, struct left *out)
{
	struct post       *post = feed_post(d->feed);
	struct left_piece *pieces;
	struct piece      *p;
	struct told        sent = {.ends_n = 0};
	size_t             n = 0;

	listen(d);
	p = d->order.outlet ? d->current : d->pieces;
	if (d->order.outlet)
		sent = d->told;
	while (d->order.outlet && p && p->is_noted)
		p = p->next;
	if (d->order.outlet && p && p->sent_n)
		sent.pieces_sent = p->seq; /* it was begun, and is sent anew */
	for (const struct piece *one = p; one; one = one->next)
		n++;
	pieces = NEW_ARRAY(d->cx->arena, struct left_piece, n);
	*out = (struct left){.text = buf_span(&d->said),
	                     .sent = sent.handed_on,
	                     .seq = sent.pieces_sent,
	                     .ends = d->ends,
	                     .ends_n = sent.ends_n,
	                     .pieces = pieces,
	                     .pieces_n = n,
	                     .lacks_end = !d->is_thought && d->has_thought && !delivery_is_full(d)};
	monitor_lock(&post->aside.monitor);
	for (size_t i = 0; i < n; i++, p = p->next)
		pieces[i] = (struct left_piece){p->text, sound_of(p)};
	monitor_unlock(&post->aside.monitor);
	return d->said.len > 0;
}

/* ---- the thread of the request ---- */

static struct err *take_step(void *data, bool *has_more_out)
{
	struct delivery *d = data;

	listen(d);
	start_voices(d);
	TRY(hand_on(d));
	*has_more_out = has_text_to_show(d);
	return NULL;
}

/* Our own words are on their way before a thought is. */
static struct err *run(struct delivery *d)
{
	TRY(feed_look_now(d->feed));
	if (d->think) {
		TRY(feed_think(d->feed, d->think, d->think_data));
		TRY(end_thought(d));
	}
	for (;;) {
		TRY(feed_look_now(d->feed));
		if (!d->current)
			return NULL;
		TRY(feed_wait(d->feed));
	}
}

static void give_up(struct delivery *d)
{
	for (struct piece *p = d->pieces; p; p = p->next)
		if (p->task)
			task_cancel(p->task);
}

static unsigned since_start(const struct delivery *d, uint64_t at_ms)
{
	return at_ms ? (unsigned)(at_ms - d->order.start_ms) : 0;
}

/* Its tasks have ended: the memory is nobody else's. */
static struct reply_sound all_sound(struct delivery *d)
{
	struct post       *post = feed_post(d->feed);
	struct reply_sound sound = {.memory = &post->memory};

	sound.pieces = NEW_ARRAY(post->memory, const struct part *, d->pieces_n);
	for (const struct piece *p = d->pieces; p; p = p->next) {
		sound.pieces[sound.pieces_n++] = p->parts;
		sound.bytes += parts_bytes(p->parts);
	}
	d->told.is_degraded |= sound.bytes > DELIVERY_AUDIO_MAX;
	if (sound.bytes > DELIVERY_AUDIO_MAX || d->told.lacks_audio)
		sound.bytes = 0;
	return sound;
}

/* To its last byte, whatever is left to learn of its last voice. */
static bool is_all_sent(const struct delivery *d)
{
	return d->is_thought && (!d->current || (d->current->is_noted && !d->current->next));
}

struct err *delivery_run(struct delivery *d, struct delivered *out)
{
	struct reply_sound sound;
	struct err        *e;

	d->until = d->cx->deadline;
	e = run(d);
	if (e && e->kind == ERR_CANCELLED && d->order.outlet && is_all_sent(d))
		e = d->current && d->current->task ? task_join(d->current->task) : NULL;
	if (e)
		give_up(d);
	TRY(e);
	sound = all_sound(d);
	*out = (struct delivered){
		.text = buf_text(&d->said),
		.sound = sound,
		.audio = d->order.is_joined ? sound_joined(d->cx->arena, &sound) : (struct span){NULL, 0},
		.pieces = d->ends,
		.pieces_n = d->told.audible_ms ? d->told.ends_n : 0,
		.is_tts_degraded = d->told.is_degraded,
		.first_sentence_ms = since_start(d, d->sentence_at_ms),
		.first_audio_ms = since_start(d, d->told.audio_at_ms),
		.last_audio_ms = since_start(d, d->told.audio_end_at_ms),
	};
	return NULL;
}
