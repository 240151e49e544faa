#ifndef TSBUILD_ENDING_H
#define TSBUILD_ENDING_H

#include "journal.h"
#include "wire.h"

/* Tells the client how a command ended. */
void send_ending(struct lane *lane, const struct ending *ending);

#endif
