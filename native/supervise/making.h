#ifndef TSBUILD_MAKING_H
#define TSBUILD_MAKING_H

#include "supervise/outcome.h"

/*
 * Calls that make something, and those that open a file to write to it. What another user than root makes is made here, so
 * that it can be recorded as that user's.
 */

struct outcome making_answer(const struct asked *asked);

#endif
