#ifndef TSBUILD_MIXTURE_H
#define TSBUILD_MIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deflate/deflate_block.h"

enum { MIXTURE_KINDS = 10 };

/* How often which kind of symbol came in a block: eight of literals, two of matches. */
struct mixture {
  uint32_t old[MIXTURE_KINDS], fresh[MIXTURE_KINDS];
  uint32_t olds, freshes;
};

/* Whether what came to a block since the last look is so unlike what came before that codes of its own pay. */
bool mixture_has_changed(struct mixture *mixture, const struct block *block, size_t block_size);

#endif
