/* http_status.h -- the statuses that a program of ours answers with; metrics count by them. */
#ifndef HTTP_STATUS_H
#define HTTP_STATUS_H

/* X(status, reason) */
#define HTTP_STATUSES(X) \
	X(200, "OK") \
	X(201, "Created") \
	X(202, "Accepted") \
	X(204, "No Content") \
	X(206, "Partial Content") \
	X(303, "See Other") \
	X(304, "Not Modified") \
	X(400, "Bad Request") \
	X(401, "Unauthorized") \
	X(403, "Forbidden") \
	X(404, "Not Found") \
	X(405, "Method Not Allowed") \
	X(406, "Not Acceptable") \
	X(408, "Request Timeout") \
	X(409, "Conflict") \
	X(413, "Payload Too Large") \
	X(415, "Unsupported Media Type") \
	X(416, "Range Not Satisfiable") \
	X(422, "Unprocessable Entity") \
	X(429, "Too Many Requests") \
	X(500, "Internal Server Error") \
	X(502, "Bad Gateway") \
	X(503, "Service Unavailable") \
	X(504, "Gateway Timeout") \
	X(507, "Insufficient Storage")

#endif
