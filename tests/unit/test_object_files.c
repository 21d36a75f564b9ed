/* Bytes on a real disk: whole or not there, also where the disk takes no more; what nobody tells of
 * goes. */
#include "unit.h"

#include "../../common/base/crypto.h"
#include "../../common/base/str.h"
#include "../../common/store/object_files.h"

#include <dirent.h>
#include <ftw.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char       folder[] = "/tmp/scribe-files-XXXXXX";
static struct ctx cx;

static int begin(void **state)
{
	(void)state;
	cx = (struct ctx){.arena = arena_new(4096), .deadline = deadline_in(60000)};
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_free(&cx.arena);
	return 0;
}

/* Files below the folder of all, begun ones among them. */
static int files_in(const char *name)
{
	char           path[512];
	DIR           *d;
	struct dirent *entry;
	int            n = 0;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	d = opendir(path);
	while (d && (entry = readdir(d)))
		if (entry->d_type == DT_REG)
			n++;
	if (d)
		closedir(d);
	return n;
}

static int all_files(void)
{
	int n = files_in("begun");

	for (unsigned i = 0; i < 256; i++) {
		char name[3];

		snprintf(name, sizeof(name), "%02x", i);
		n += files_in(name);
	}
	return n;
}

static const char *content_of(const char *version)
{
	static char text[64];
	char        path[512];
	FILE       *f;
	size_t      n;

	snprintf(path, sizeof(path), "%s/%s", folder, object_file_place(&cx, version));
	f = fopen(path, "r");
	if (!f)
		return NULL;
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

static void test_round(void **state)
{
	struct object_file one, same, two;

	(void)state;
	assert_null(object_file_write(&cx, SPAN("hello"), &one));
	assert_null(object_file_write(&cx, SPAN("hello"), &same));
	assert_string_equal(content_of(one.version), "hello");
	assert_int_equal(one.size, 5);
	assert_string_equal(one.etag, same.etag);
	assert_string_not_equal(one.version, same.version);
	assert_null(object_file_link(&cx, one.version, &two));
	assert_true(object_file_remove(one.version));
	assert_null(content_of(one.version));
	assert_string_equal(content_of(two.version), "hello");
	assert_true(object_file_remove(one.version)); /* again */
	assert_int_equal(object_file_link(&cx, one.version, &same)->kind, ERR_NOT_FOUND);
	assert_int_equal(files_in("begun"), 0);
}

static void test_full_disk(void **state)
{
	static char        bytes[100000];
	struct rlimit      was, little;
	struct object_file file;
	struct err        *e;
	int                before = all_files();

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &was);
	little = (struct rlimit){.rlim_cur = 50000, .rlim_max = was.rlim_max};
	setrlimit(RLIMIT_FSIZE, &little);
	e = object_file_write(&cx, (struct span){bytes, sizeof(bytes)}, &file);
	setrlimit(RLIMIT_FSIZE, &was);
	assert_non_null(e);
	assert_int_equal(err_status(e), 507);
	assert_int_equal(all_files(), before);
	assert_null(object_file_write(&cx, (struct span){bytes, sizeof(bytes)}, &file));
}

/* An hour passes by the clock the sweep asks, which is time(): files are older then. */
static time_t real_time_plus;

time_t time(time_t *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += real_time_plus;
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}

static const char *known;

static struct err *all_but_known(struct ctx *c, struct object_files *files)
{
	(void)c;
	for (size_t i = 0; i < files->n; i++)
		files->gone[i] = !str_equal(files->versions[i], known);
	return NULL;
}

static void test_sweep(void **state)
{
	struct object_file kept, lost;
	char               path[512];
	int64_t            removed;
	int                before;

	(void)state;
	assert_null(object_file_write(&cx, SPAN("kept"), &kept));
	assert_null(object_file_write(&cx, SPAN("lost"), &lost));
	snprintf(path, sizeof(path), "%s/begun/0b5c2a1e-0000-4000-8000-000000000000", folder);
	fclose(fopen(path, "w"));
	known = kept.version;
	before = all_files();
	assert_null(object_files_sweep(&cx, all_but_known, NULL, &removed));
	assert_int_equal(removed, 0); /* they may still become an object's */
	real_time_plus = 3700;
	assert_null(object_files_sweep(&cx, all_but_known, NULL, &removed));
	assert_int_equal(removed, before - 1);
	assert_string_equal(content_of(kept.version), "kept");
	assert_null(content_of(lost.version));
	assert_int_equal(all_files(), 1);
	real_time_plus = 0;
}

static int remove_it(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_round, begin, end),
	                                   cmocka_unit_test_setup_teardown(test_full_disk, begin, end),
	                                   cmocka_unit_test_setup_teardown(test_sweep, begin, end)};
	const struct cfg_group *const groups[] = {&storage_settings};
	int                           failed;

	crypto_start();
	if (!mkdtemp(folder))
		return 1;
	setenv("STORAGE_DIR", folder, 1);
	if (cfg_load(groups, 1))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	nftw(folder, remove_it, 8, FTW_DEPTH | FTW_PHYS);
	return failed;
}
