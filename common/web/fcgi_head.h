/* fcgi_head.h -- is what has arrived on a connection the head of a FastCGI request yet? */
#ifndef FCGI_HEAD_H
#define FCGI_HEAD_H

#include "../base/str.h"

/* The most that is looked at: the records that begin a request and carry its parameters, of which
 * a server of ours sends one of at most 64 KiB. A longer head is broken. */
#define FCGI_HEAD_MAX ((size_t)72 << 10)

enum fcgi_head {
	FCGI_HEAD_PART,   /* good so far */
	FCGI_HEAD_UNSAID, /* all parameters are here, but not what is to come behind them */
	FCGI_HEAD_WHOLE,  /* and all of the body */
	FCGI_HEAD_BROKEN  /* no FastCGI, no request for a responder, parameters that are no pairs, or
	                   * something else in the place of a body */
};

/* Where in a request's records we are. */
struct fcgi_body {
	unsigned      id;        /* of the request */
	size_t        left;      /* bytes up to the next record's header */
	size_t        bytes;     /* of the body, those of the record we are in included */
	unsigned char header[8]; /* of that, what is here */
	size_t        header_n;
	bool          is_whole;  /* it has ended */
	bool          is_broken; /* by a record that is none of it */
};

/* Judges the first n bytes that arrived. Where all parameters are here, body_out stands before the
 * first byte of the request. */
enum fcgi_head fcgi_head(const unsigned char *bytes, size_t n, struct fcgi_body *body_out);

/* Goes on by the next n bytes of the request, or up to its end. Returns how many that were. */
size_t fcgi_body_take(struct fcgi_body *b, const unsigned char *bytes, size_t n);

/* The value of a parameter in the first record of them, where a server of ours puts all; empty
 * where it is not there. In the bytes given, which begin with the head of a request. */
struct span fcgi_head_param(const unsigned char *bytes, size_t n, const char *name);

#endif
