#ifndef TSBUILD_ENDING_H
#define TSBUILD_ENDING_H

#include "container/journal.h"
#include "base/wire.h"

/* Tells the client how a command ended. */
void send_ending(struct lane *lane, const struct ending *ending);

#endif
