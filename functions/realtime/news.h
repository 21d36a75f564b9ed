/* news.h -- changes of the database, to those whom they concern.
 *
 * Events go as broadcasts: those of one session into its channel, without score, lead, note or
 * operator; those of all sessions into admin: channels. Changes of tables go to who asked for them
 * with postgres_changes. README's table lists them. */
#ifndef NEWS_H
#define NEWS_H

#include "../../common/base/ctx.h"

/* What was told (store/changes.h). Rows are read when somebody wants them. */
void news_take(const char *told);

/* Something may have been missed: everybody is told that, to look anew. */
void news_missed(void);

#endif
