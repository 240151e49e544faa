#ifndef TSBUILD_NAMING_H
#define TSBUILD_NAMING_H

#include "supervise/outcome.h"

/*
 * Calls that give files names and take them away. An attribute goes with its file; what has none gets another number when
 * an overlay filesystem copies it up, and its number may be another's when it is gone.
 */

struct outcome naming_answer(const struct asked *asked);

#endif
