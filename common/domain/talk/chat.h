/* chat.h -- a conversation as models are given it. */
#ifndef CHAT_H
#define CHAT_H

enum chat_role { CHAT_SYSTEM, CHAT_USER, CHAT_ASSISTANT };

struct chat_message {
	enum chat_role role;
	const char    *content;
};

#endif
