/* trace.h -- which trace a unit of work belongs to, as W3C Trace Context (Recommendation of
 * 23 November 2021) tells of it in the header "traceparent".
 *
 * Of what a caller tells only ids and the sampled flag are taken up; tracestate and baggage, which
 * could carry anything, are neither read nor sent. */
#ifndef TRACE_H
#define TRACE_H

#include "base.h"

#define TRACE_ID_CHARS   32
#define TRACE_SPAN_CHARS 16
#define TRACE_PARENT_MAX 55 /* characters of a traceparent of version 00 */

struct trace {
	char    id[TRACE_ID_CHARS + 1];       /* lower case hexadecimal; "": it belongs to none */
	char    span[TRACE_SPAN_CHARS + 1];   /* this unit of work in it */
	char    parent[TRACE_SPAN_CHARS + 1]; /* who asked for it; "": nobody who told */
	bool    is_sampled;                   /* its stages are told of, where any are (stages.h) */
	int64_t unix_offset_ms; /* wall clock less monotonic: one for all of it, or stages overlap */
};

/* The work goes on with the caller's trace, or with one of its own where `traceparent` is NULL or
 * not well-formed. Its span is new either way. */
void trace_begin(struct trace *t, const char *traceparent);

/* What is sent with calls that the work makes: "traceparent: 00-...", or "" without a trace. */
void trace_header(const struct trace *t, char out[sizeof("traceparent: ") + TRACE_PARENT_MAX]);

/* Another span of the same trace. */
void trace_span(char out[TRACE_SPAN_CHARS + 1]);

#endif
