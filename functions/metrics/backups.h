/* backups.h -- what metrics tell of the folder in which scripts/backup keeps its backups: whether
 * it is there, when the last whole one was made, how much room its disk has. */
#ifndef BACKUPS_H
#define BACKUPS_H

#include "../../common/base/cfg.h"

#include <sys/statvfs.h>

extern const struct cfg_group backup_settings;

/* Begins and ends to look; neither does anything where no backups are made. */
void backups_open(void);
void backups_close(void);

/* Lines as they were seen last; none before the first look. */
void backups_write(struct buf *out);

/* The folder and its disk; false where it is not there or not seen. */
bool backups_disk(const char **dir_out, struct statvfs *disk_out);

#endif
