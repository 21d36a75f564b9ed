/* limits.h -- what one socket, and all of them, may use. Read-only once the program serves. */
#ifndef LIMITS_H
#define LIMITS_H

#include "../../common/base/cfg.h"

struct limits {
	int64_t sockets;        /* of the whole process */
	int64_t channels;       /* of one socket */
	int64_t message_bytes;  /* of one message, to us or from us */
	int64_t messages;       /* of one socket a second; four times as many at once */
	int64_t queue_bytes;    /* that wait for one socket to read them */
	int64_t join_ms;        /* until a socket is in a channel; also without any later */
	int64_t presence_bytes; /* what somebody tells of themselves in a channel */
};
extern struct limits          limits;
extern const struct cfg_group limits_settings;

/* No client of ours is silent for so long: a heartbeat comes each 25 or 30 s. */
#define SILENCE_MS 90000u

/* Of a request over plain HTTP; nginx lets no more by. */
#define BODY_MAX 262144u

/* Who is in one session's channel: a visitor's tabs, and who watches. */
#define SESSION_MEMBERS_MAX 32

#endif
