#ifndef TSBUILD_UNDELIVERED_H
#define TSBUILD_UNDELIVERED_H

#include "supervise/outcome.h"

/*
 * Before Linux 5.19 a signal takes a thread out of a call that is being answered. The thread makes the same call again after
 * its handler (SA_RESTART), and gets what came of the first one then: a directory is not made twice.
 */

struct undelivered;

struct undelivered *undelivered_new(void);
/* Puts in what the thread has not heard yet of this call; false where there is nothing. */
bool undelivered_take(struct undelivered *undelivered, const struct seccomp_notif *call, struct outcome *outcome);
/* Keeps what a thread was not there any more to hear, with its descriptor. */
void undelivered_keep(struct undelivered *undelivered, const struct seccomp_notif *call, const struct outcome *outcome);

#endif
