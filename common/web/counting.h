/* counting.h -- what metrics tell of a program's requests and of its process. */
#ifndef COUNTING_H
#define COUNTING_H

#include "req.h"

/* As metrics_start(), and that no request has failed yet. */
void counting_start(const char *path, const char *program);

/* A request is in hand now, which had arrived at that time; and its answer has been sent. */
void counting_begin(uint64_t since_ms);
void counting_end(const struct req *rq, uint64_t since_ms);

/* Counts the open descriptors, once in ten seconds however often it is called. From one thread. */
void counting_descriptors(uint64_t now_ms);

#endif
