/* service_options.h -- the command line of a program: what it prints instead of serving. */
#ifndef SERVICE_OPTIONS_H
#define SERVICE_OPTIONS_H

#include "service.h"

#define OPTIONS_WRONG 64 /* EX_USAGE */

enum service_option {
	OPTION_SERVE,
	OPTION_JOBS_ONLY,
	OPTION_CHECK_CONFIG,
	OPTION_SHOW_CONFIG,
	OPTION_HELP
};

/* False, with a sentence on stderr, for anything that is no option of this program. */
bool service_option(int argc, char **argv, const struct service *s, enum service_option *out);

/* The program, its limits and all its settings, for a person. Returns the exit status. */
int options_help(const struct service *s, const struct cfg_group *const *groups, size_t n);

/* The same as JSON with the values in force, secrets masked. Returns the exit status. */
int options_show(const struct service *s, unsigned threads, unsigned client_max,
                 const struct cfg_group *const *groups, size_t n);

/* Says that it will not start with so many problems. Returns the exit status. */
int options_complain(const struct service *s, int problems);

#endif
