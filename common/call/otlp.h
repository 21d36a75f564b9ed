/* otlp.h -- the stages of this process's work (base/stages.h) to a collector of traces: OTLP 1.0
 * over HTTP as JSON (opentelemetry.io/docs/specs/otlp), to OTEL_EXPORTER_OTLP_ENDPOINT/v1/traces.
 *
 * One thread, which begins with the first stage, sends at most a request a second. What the
 * collector does not take within its time is dropped and counted: traces are for looking at, and
 * never a reason to wait. Without the setting there is no queue and no thread. */
#ifndef OTLP_H
#define OTLP_H

#include "../base/stages.h"
#include "http_client.h"

extern const struct cfg_group otlp_settings;

/* Behind http_start, before threads. Returns the number of problems, each on stderr. */
int otlp_start(void) CHECKED;

/* Sends what is left, within a second; before http_stop. */
void otlp_stop(void);

/* An ExportTraceServiceRequest of `program`. */
struct err *otlp_json(struct ctx *cx, const char *program, const struct stage *stages, size_t n,
                      struct span *out) CHECKED;

#endif
