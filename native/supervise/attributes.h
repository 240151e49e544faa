#ifndef TSBUILD_ATTRIBUTES_H
#define TSBUILD_ATTRIBUTES_H

#include "supervise/outcome.h"

/*
 * The attribute that an owner is recorded in (owners.h) is in no list that a step gets, and no step can set it: none copies
 * or forges it.
 */

struct outcome attributes_answer(const struct asked *asked);

#endif
