/* limits.c -- their settings. */
#include "limits.h"

struct limits limits;

static const struct cfg_key keys[] = {
	CFG_KEY_INT(limits, channels, "REALTIME_CHANNELS", .fallback = "20", .min = 1, .max = 1000,
                .help = "channels one socket may be in"),
	CFG_KEY_INT(limits, join_ms, "REALTIME_JOIN_MS", .fallback = "60000", .min = 100,
                .max = 3600000, .help = "a socket that is in no channel for so long is closed"),
	CFG_KEY_INT(limits, messages, "REALTIME_MESSAGES", .fallback = "30", .min = 1, .max = 100000,
                .help = "messages of one socket a second, four times as many at once"),
	CFG_KEY_INT(limits, message_bytes, "REALTIME_MESSAGE_BYTES", .fallback = "65536", .min = 1024,
                .max = 1048576, .help = "one message of a realtime channel"),
	CFG_KEY_INT(limits, presence_bytes, "REALTIME_PRESENCE_BYTES", .fallback = "4096", .min = 2,
                .max = 65536, .help = "what somebody may tell of themselves in a channel"),
	CFG_KEY_INT(
		limits, queue_bytes, "REALTIME_QUEUE_BYTES", .fallback = "1048576", .min = 4096,
		.max = 67108864,
		.help =
			"bytes that wait for a socket that reads nothing; eight times as many where it does"),
	CFG_KEY_INT(limits, sockets, "REALTIME_SOCKETS", .fallback = "10000", .min = 1, .max = 100000,
                .help = "sockets of the program in all"),
};
const struct cfg_group limits_settings = {"Realtime", &limits, keys, COUNT(keys)};
