/* metric_list.h -- every metric there is: the one place that knows its name, type, labels and
 * help.
 *
 * A line here is all that a new one takes. Its values lie in the shared mapping of metrics.h,
 * whose size follows from this list alone: a label's values are one of the fixed sets below, or
 * names of ours that a program claims when it starts. Nothing that a stranger sends becomes
 * one. */
#ifndef METRIC_LIST_H
#define METRIC_LIST_H

#include "http_status.h"

/* Sets whose values are claimed by name (metrics_name). X(set, label, most names). A call is a
 * pair, "groq llm.reply", and shown as two labels. */
#define METRIC_NAMED(X) \
	X(program, "program", 32) \
	X(provider, "provider", 16) \
	X(operation, "operation", 16) \
	X(call, "provider", 48) \
	X(job, "kind", 48) \
	X(flag, "flag", 48)

/* How a call of an outside service or a local engine ended. X(word) */
#define METRIC_OUTCOMES(X) \
	X(ok) \
	X(unusable) \
	X(rate_limited) \
	X(denied) \
	X(rejected) \
	X(timeout) \
	X(failed) \
	X(unavailable) \
	X(bad_input) \
	X(cancelled) \
	X(internal)

/* How a turn ended. */
#define METRIC_TURNS(X) \
	X(answered) \
	X(truncated) \
	X(superseded) \
	X(cancelled) \
	X(failed)

/* What of a turn worked less well (`degraded` of its answer). */
#define METRIC_PARTS(X) \
	X(stt) \
	X(llm) \
	X(tts)

/* Whether a feature flag was on in a turn, by lot or by an operator's word. */
#define METRIC_FLAG_STATES(X) \
	X(off) \
	X(on)

/* What a turn's time went to. */
#define METRIC_STAGES(X) \
	X(hear) \
	X(begin) \
	X(recall) \
	X(first_token) \
	X(think) \
	X(first_sentence) \
	X(first_audio) \
	X(last_audio) \
	X(total)

/* How a job's attempt ended. */
#define METRIC_JOB_ENDS(X) \
	X(done) \
	X(again) \
	X(dead) \
	X(returned) \
	X(round) \
	X(lost)

/* Why a turn failed in a visitor's browser, or was not heard. */
#define METRIC_BROWSER_ERRORS(X) \
	X(network) \
	X(silence) \
	X(broken_off) \
	X(refused) \
	X(failed) \
	X(microphone) \
	X(playback)

/* Those of http_status.h, and any other. */
#define METRIC_STATUSES(X) X(other) HTTP_STATUSES(X)

/* Fixed sets. X(set, label, its values); a value is X(word, ...) */
#define METRIC_SETS(X) \
	X(outcome, "outcome", METRIC_OUTCOMES) \
	X(turn, "result", METRIC_TURNS) \
	X(part, "part", METRIC_PARTS) \
	X(flag_state, "state", METRIC_FLAG_STATES) \
	X(stage, "stage", METRIC_STAGES) \
	X(job_end, "outcome", METRIC_JOB_ENDS) \
	X(browser_error, "kind", METRIC_BROWSER_ERRORS) \
	X(status, "status", METRIC_STATUSES)

/* Upper bounds of all histograms, in microseconds; above the last is one bucket more. */
#define METRIC_BOUNDS_US \
	5000, 10000, 25000, 50000, 100000, 200000, 300000, 500000, 750000, 1000000, 1500000, 2500000, \
		5000000, 10000000, 30000000

/* What only grows. X(name, type, own, label, label, Prometheus name, help)
 *
 * own: program, then the program that counts is a label as well; none, then it is not.
 * type: COUNT, MS (milliseconds, shown as seconds), TIMES (a histogram of durations). */
#define METRICS(X) \
	X(starts, COUNT, program, none, none, "scribe_program_starts_total", \
	  "Times a program began to serve: what no reload began comes after one that ended.") \
	X(requests, COUNT, program, status, none, "scribe_requests_total", \
	  "Requests answered, by program and HTTP status. A stream counts when it ends.") \
	X(nginx_failures, COUNT, none, program, status, "scribe_nginx_failures_total", \
	  "Requests that nginx answered itself, for their program was gone or did not answer.") \
	X(request_time, TIMES, program, none, none, "scribe_request_duration_seconds", \
	  "From a request's arrival to the end of its answer, waiting for a thread included.") \
	X(queue_time, TIMES, program, none, none, "scribe_request_queue_seconds", \
	  "How long requests waited for a thread. Growing: all threads are at work.") \
	X(refused, COUNT, program, none, none, "scribe_requests_refused_total", \
	  "Requests refused unread: too many at once, too slow to arrive, or the program stops.") \
	X(database_wait, TIMES, program, none, none, "scribe_database_wait_seconds", \
	  "How long work waited for a database connection of its program's pool.") \
	X(database_refused, COUNT, program, none, none, "scribe_database_refused_total", \
	  "Times that no connection became free in time (DB_POOL_SIZE, or a slow database).") \
	X(calls, COUNT, none, call, outcome, "scribe_provider_calls_total", \
	  "Calls of providers and local engines, by what they were asked for and how they ended.") \
	X(call_time, TIMES, none, call, none, "scribe_provider_call_seconds", \
	  "How long such calls took, well or not.") \
	X(first_time, TIMES, none, call, none, "scribe_provider_first_seconds", \
	  "Until the first useful piece of an answer: a model's first token, a voice's first sound.") \
	X(fallbacks, COUNT, none, operation, none, "scribe_provider_fallbacks_total", \
	  "Answers by another than the first provider of the chain.") \
	X(repeats, COUNT, program, none, none, "scribe_provider_retries_total", \
	  "Calls sent once more because their connection broke before a byte of the answer.") \
	X(tokens, COUNT, none, provider, none, "scribe_provider_tokens_total", \
	  "Tokens bought of a provider, of prompts and answers, chat and embedding.") \
	X(characters, COUNT, none, provider, none, "scribe_provider_characters_total", \
	  "Characters a provider was paid to speak.") \
	X(audio, MS, none, provider, none, "scribe_provider_audio_seconds_total", \
	  "Seconds of recordings a provider was paid to hear.") \
	X(turns, COUNT, none, turn, none, "scribe_turns_total", \
	  "Turns of conversations by how they ended; superseded: the visitor spoke again.") \
	X(turn_time, TIMES, none, stage, none, "scribe_turn_seconds", \
	  "What a turn's time went to; first_* and last_* count from the request, the rest alone.") \
	X(degraded, COUNT, none, part, none, "scribe_turns_degraded_total", \
	  "Turns in which that part worked less well: another provider, rules, or no sound.") \
	X(flagged, COUNT, none, flag, flag_state, "scribe_turns_flagged_total", \
	  "Turns answered to which a feature flag applied, by whether it was on.") \
	X(interruptions, COUNT, none, none, none, "scribe_turn_interruptions_total", \
	  "Replies that a visitor cut short.") \
	X(signups, COUNT, none, none, none, "scribe_signups_total", \
	  "Addresses that signed up and were not on the list.") \
	X(memories, COUNT, none, none, none, "scribe_memories_stored_total", \
	  "Memories stored by save_memory; what turns leave is in scribe_jobs_total.") \
	X(jobs, COUNT, none, job, job_end, "scribe_jobs_total", \
	  "Attempts of background jobs by how they ended; dead: a person must look at it.") \
	X(job_time, TIMES, none, job, none, "scribe_job_seconds", \
	  "How long attempts of background jobs took.") \
	X(browser_first_audio, TIMES, none, none, none, "scribe_browser_first_audio_seconds", \
	  "As browsers tell, and anyone may: from a message's end to the first sound heard.") \
	X(browser_stalls, COUNT, none, none, none, "scribe_browser_stalls_total", \
	  "As browsers tell: times that a reply fell silent, its next piece not being there.") \
	X(browser_stalled, MS, none, none, none, "scribe_browser_stalled_seconds_total", \
	  "As browsers tell: how long replies were silent so.") \
	X(browser_errors, COUNT, none, browser_error, none, "scribe_browser_errors_total", \
	  "As browsers tell: turns that failed, and sound or a microphone that did not work.")

/* What goes up and down, by program: added up over its processes that live. X(name, Prometheus
 * name, help) */
#define METRIC_GAUGES(X) \
	X(in_flight, "scribe_requests_in_flight", "Requests that a thread has in hand.") \
	X(queued, "scribe_requests_queued", "Requests that have arrived and wait for a thread.") \
	X(database_in_use, "scribe_database_connections_in_use", \
	  "Connections of the pool that are lent, of DB_POOL_SIZE for each process.") \
	X(jobs_in_hand, "scribe_jobs_in_hand", "Background jobs that are being worked.") \
	X(descriptors, "scribe_process_descriptors", \
	  "Open descriptors, as last counted (within ten seconds while there are requests).")

#endif
