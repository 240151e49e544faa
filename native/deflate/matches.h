#ifndef TSBUILD_MATCHES_H
#define TSBUILD_MATCHES_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

#include "deflate/deflate_block.h"

enum {
  BUCKET_BITS = 14,
  NEAREST_BITS = 13,
  /* Positions whose candidates are looked up at once. */
  AHEAD = 2048,
  /* A match of three bytes that lies further away costs more than three literals. */
  NEAR = 4096,
  /* A match so long is not compared with others. */
  NICE = 32,
  /* How many bytes from a position on a search may look at. */
  MATCHES_LOOKED_AT = 16,
};

/* Positions are known by their low 16 bits. */
struct tables {
  /* The last four positions with each hash of four bytes, the last one lowest. */
  uint64_t buckets[1 << BUCKET_BITS];
  /* The last position with each hash of three bytes. */
  uint16_t nearest[1 << NEAREST_BITS];
};

/* What the tables had for each of some positions in a row, when these were entered. */
struct ahead {
  uint64_t buckets[AHEAD];
  uint16_t nearest[AHEAD];
};

/* No length: none. */
struct match {
  uint32_t length, distance;
};

static inline uint64_t load64(const uint8_t *at) {
  uint64_t value;
  memcpy(&value, at, sizeof value);
  return le64toh(value);
}

static inline uint32_t load32(const uint8_t *at) {
  uint32_t value;
  memcpy(&value, at, sizeof value);
  return le32toh(value);
}

/*
 * What stands for nothing seems to lie behind the window to the first 32768 positions, and is a position like others to later
 * ones. Nothing is ever removed: what only seems to lie in the window, as 16 bits tell no more, are bytes that are compared.
 */
static inline void matches_clear(struct tables *tables) {
  memset(tables->buckets, 0x7f, sizeof tables->buckets);
  memset(tables->nearest, 0x7f, sizeof tables->nearest);
}

/*
 * Enters positions, and keeps what the tables had for them. Apart from the search: nothing here depends on what it finds, so
 * that no jump is guessed wrong, and it need not wait for tables that are too large for the fastest cache.
 */
static inline void matches_enter(struct tables *tables, struct ahead *ahead, const uint8_t *data, uint32_t from,
                                 uint32_t to) {
  for (uint32_t pos = from; pos < to; pos++) {
    uint32_t four = load32(data + pos);
    uint64_t *bucket = &tables->buckets[four * 0x9e3779b1U >> (32 - BUCKET_BITS)];
    uint16_t *nearest = &tables->nearest[(four << 8) * 0x9e3779b1U >> (32 - NEAREST_BITS)];
    uint64_t positions = *bucket;
    ahead->buckets[pos - from] = positions;
    ahead->nearest[pos - from] = *nearest;
    *bucket = positions << 16 | (uint16_t)pos;
    *nearest = (uint16_t)pos;
  }
}

enum { EQUAL_SHIFT = 19, ALL_EQUAL = 7 << EQUAL_SHIFT, THREE_NEAR = 3 << EQUAL_SHIFT | 7 << 16 | (0x10000 - NEAR) };

/* How many bytes are equal, seven at most, above the lowest 19 bits, all of which are set. */
static inline uint32_t equal_bytes(const uint8_t *there, uint64_t eight) {
  return (uint32_t)__builtin_ctzll((load64(there) ^ eight) | (uint64_t)1 << 56) << 16 | 0x7ffff;
}

/*
 * How good a candidate is, the better the larger, found without a jump: above bit 18 how many bytes are equal, in the lowest
 * 16 how near it is, 65536 less the distance. One that does not lie in the window is less than 32768, whatever was compared,
 * at most 65536 bytes before `here`.
 */
static inline uint32_t rate(const uint8_t *here, uint64_t eight, uint64_t candidate, uint32_t pos) {
  uint16_t near = (uint16_t)(candidate - pos);
  return equal_bytes(here - 0x10000 + near, eight) & (uint32_t)(int16_t)near;
}

static inline uint32_t distance_of(uint32_t rated) {
  return 0x10000 - (rated & 0xffff);
}

/* The same for the bytes after the first seven, of candidates that are equal until there; others are 0. */
static inline uint32_t rate_more(const uint8_t *here, uint64_t eight, uint32_t rated) {
  return equal_bytes(here + 7 - distance_of(rated), eight) & (0xffff0000 | rated) & -(uint32_t)(rated >= ALL_EQUAL);
}

static inline uint32_t max(uint32_t a, uint32_t b) {
  return a > b ? a : b;
}

/* How many bytes are equal; those before `length` are. */
static inline uint32_t equal_length(const uint8_t *here, const uint8_t *there, uint32_t length, uint32_t limit) {
  for (; length + 8 <= limit; length += 8) {
    uint64_t differences = load64(here + length) ^ load64(there + length);
    if (differences != 0) return length + (uint32_t)__builtin_ctzll(differences) / 8;
  }
  while (length < limit && here[length] == there[length]) length++;
  return length;
}

/* The longer one of a match, if there is one, and a candidate if 14 bytes of it are equal. */
static inline struct match longer(struct match best, const uint8_t *here, uint32_t limit, uint32_t rated) {
  uint32_t distance = distance_of(rated);
  const uint8_t *there = here - distance;
  if (rated < ALL_EQUAL || best.length >= NICE || (best.length > 0 && there[best.length] != here[best.length])) return best;
  uint32_t length = equal_length(here, there, 14, limit);
  return length > best.length ? (struct match){length, distance} : best;
}

/* The longest one of candidates of which the first seven bytes of at least one are equal. */
__attribute__((noinline)) static struct match longest(const uint8_t *here, uint32_t limit, uint32_t a, uint32_t b,
                                                      uint32_t c, uint32_t d, uint32_t e) {
  uint64_t eight = load64(here + 7);
  a = rate_more(here, eight, a);
  b = rate_more(here, eight, b);
  c = rate_more(here, eight, c);
  d = rate_more(here, eight, d);
  e = rate_more(here, eight, e);
  uint32_t best = max(max(max(a, b), max(c, d)), e);
  if (best < ALL_EQUAL) return (struct match){7 + (best >> EQUAL_SHIFT), distance_of(best)};
  struct match match = longer((struct match){0, 0}, here, limit, a);
  match = longer(match, here, limit, b);
  match = longer(match, here, limit, c);
  match = longer(match, here, limit, d);
  return longer(match, here, limit, e);
}

/* The longest match at `data + pos`, the nearest of equal ones; `at` is the position's place in `ahead`. */
__attribute__((always_inline)) static inline struct match matches_find(const struct ahead *ahead, uint32_t at,
                                                                       const uint8_t *data, uint32_t pos, uint32_t end) {
  const uint8_t *here = data + pos;
  uint64_t eight = load64(here), bucket = ahead->buckets[at];
  uint32_t a = rate(here, eight, bucket, pos);
  uint32_t b = rate(here, eight, bucket >> 16, pos);
  uint32_t c = rate(here, eight, bucket >> 32, pos);
  uint32_t d = rate(here, eight, bucket >> 48, pos);
  uint32_t e = rate(here, eight, ahead->nearest[at], pos);
  uint32_t best = max(max(max(a, b), max(c, d)), e);
  if (best >= ALL_EQUAL) return longest(here, end - pos < MAX_MATCH ? end - pos : MAX_MATCH, a, b, c, d, e);
  if (best < THREE_NEAR) return (struct match){0, 0};
  return (struct match){best >> EQUAL_SHIFT, distance_of(best)};
}

#endif
