#ifndef TSBUILD_DEFLATE_BLOCK_H
#define TSBUILD_DEFLATE_BLOCK_H

#include <stddef.h>
#include <stdint.h>

enum { MIN_MATCH = 3, MAX_MATCH = 258, LITLENS = 288, DISTANCES = 30, FIRST_LENGTH = 257 };

/* Literals, and a match after them. */
struct sequence {
  uint32_t literals;
  uint16_t length;
  uint16_t distance;
};

/* What a block is made of: `data` begins with the literals of the first sequence. */
struct block {
  const uint8_t *data;
  size_t size;
  const struct sequence *sequences;
  size_t count;
  uint32_t litlen_counts[LITLENS];
  uint32_t distance_counts[DISTANCES];
};

/* Bits are written from the lowest on; whoever writes sees to it that there is room, and for eight bytes more. */
struct bits {
  uint64_t waiting;
  unsigned count;
  uint8_t *at;
};

static inline unsigned top_bit(unsigned value) {
  return 31 - (unsigned)__builtin_clz(value);
}

/* RFC 1951, 3.2.5: the symbols of a length and of a distance. */
static inline unsigned length_symbol(unsigned length) {
  if (length == MAX_MATCH) return FIRST_LENGTH + 28;
  if (length < 11) return FIRST_LENGTH + length - MIN_MATCH;
  unsigned rest = length - MIN_MATCH, top = top_bit(rest);
  return FIRST_LENGTH + 4 * (top - 1) + (rest >> (top - 2) & 3);
}

static inline unsigned distance_symbol(unsigned distance) {
  unsigned rest = distance - 1, top = top_bit(rest | 1);
  return 2 * top + (rest >> (top - (top > 0)) & 1);
}

/* Writes a block, not the last one, in the shortest of its three forms (RFC 1951, 3.2.3). */
void write_block(struct bits *out, struct block *block);
/* An empty stored block, which ends at a byte (zlib: Z_SYNC_FLUSH). */
void write_sync(struct bits *out);

#endif
