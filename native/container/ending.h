#ifndef TSBUILD_ENDING_H
#define TSBUILD_ENDING_H

#include "base/wire.h"
#include "container/journal.h"
#include "container/report.h"

/* How a command ended, by what was reported last and what wait(2) said; whether memory ran out is not in it. */
struct ending ending_of(const struct report *last, int wait_status);
/* Tells the client how a command ended. */
void send_ending(struct lane *lane, const struct ending *ending);

#endif
