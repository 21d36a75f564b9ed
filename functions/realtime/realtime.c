/* realtime.c -- channels over WebSockets, as realtime-js speaks them: what happens in a session, to
 * its visitor; in all of them, to who may see it; and what these tell each other.
 *
 * It is no FastCGI program: nginx passes connections on to its socket, and one thread serves them
 * all. From where that begins, wire.c is the way in and out, sockets.c bounds what each client may,
 * channels.c is what clients say, news.c what the database does; clerk.c waits for it. */
#include "../../common/web/service.h"
#include "limits.h"
#include "wire.h"

static const struct cfg_group *const settings[] = {&limits_settings};

static const struct service service = {
	.name = "realtime",
	.path = "/realtime/v1",
	.methods = METHOD_GET | METHOD_POST,
	.body_max = BODY_MAX,
	.deadline_ms = 10000,
	.rate_per_minute = 300,
	.threads = 128,
	.settings = settings,
	.settings_n = COUNT(settings),
	.serve = wire_serve,
};

int main(int argc, char **argv)
{
	return service_main(argc, argv, &service);
}
