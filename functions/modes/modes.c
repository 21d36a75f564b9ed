/* modes -- the personalities there are, for who lets a visitor choose.
 *
 * GET -> { modes: [{ name, title, manner }], default } */
#include "../../common/domain/talk/mode.h"
#include "../../common/web/service.h"

static struct err *modes(struct req *rq)
{
	struct json_out *out = reply_json(rq, 200, 0);

	json_obj(out, NULL);
	json_arr(out, "modes");
	for (size_t i = 0; i < MODES_N; i++) {
		json_obj(out, NULL);
		json_str(out, "name", mode_name((enum mode)i));
		json_str(out, "title", mode_title((enum mode)i));
		json_str(out, "manner", mode_manner((enum mode)i));
		json_end(out);
	}
	json_end(out);
	json_str(out, "default", mode_name(MODE_DEFAULT));
	json_end(out);
	return NULL;
}

int main(int argc, char **argv)
{
	return service_main(argc, argv,
	                    &(struct service){.name = "modes",
	                                      .methods = METHOD_GET,
	                                      .body_max = 1024,
	                                      .deadline_ms = 5000,
	                                      .rate_per_minute = 120,
	                                      .threads = 8,
	                                      .needs_key = true,
	                                      .handle = modes});
}
