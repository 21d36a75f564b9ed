/* fcgi.h -- a request on a FastCGI connection, handled and answered. */
#ifndef FCGI_H
#define FCGI_H

#include "dispatch.h"
#include "serve.h"

/* Once, before the first thread. */
void fcgi_start(void);

/* Reads the request that has arrived on c, calls handle(), and gives c back. After limit_ms from
 * now the connection is shut. */
void fcgi_serve(struct conn *c, unsigned limit_ms, serve_handler *handle);

#endif
