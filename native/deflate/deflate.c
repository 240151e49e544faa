#include "deflate/deflate.h"

#include <stdbool.h>
#include <string.h>

#include "deflate/deflate_block.h"
#include "deflate/matches.h"
#include "deflate/mixture.h"
#include "base/error.h"

enum {
  /* After a match shorter than this, the next position may have a better one. */
  GOOD = 8,
  /* A block does not end so near the end of the data that another one would be a small one. */
  MIN_REST = 10000,
  MAX_BLOCK = 300000,
  MAX_SEQUENCES = 50000,
  /* After so many literals in a row one position is passed over with each that is searched, after twice as many two. */
  PATIENCE = 128,
  MAX_PASSED = 16,
};

struct deflater {
  struct tables tables;
  struct ahead ahead;
  struct sequence sequences[MAX_SEQUENCES + AHEAD];
  struct block block;
  struct mixture mixture;
  /* Where the literals that belong to no sequence yet begin. */
  uint32_t literals;
};

struct deflater *deflater_new(void) {
  return must_alloc(sizeof(struct deflater));
}

size_t deflate_bound(size_t size) {
  return size + size / 512 + 1024;
}

static void begin_block(struct deflater *d, const uint8_t *data, uint32_t pos) {
  memset(&d->block, 0, sizeof d->block);
  memset(&d->mixture, 0, sizeof d->mixture);
  d->block.data = data + pos;
  d->block.sequences = d->sequences;
  d->literals = pos;
}

static void end_block(struct deflater *d, struct bits *out, const uint8_t *data, uint32_t pos) {
  d->block.size = (size_t)(data + pos - d->block.data);
  if (d->block.size == 0) return;
  /* The literals after the last match are a sequence without one. */
  d->sequences[d->block.count++] = (struct sequence){pos - d->literals, 0, 0};
  write_block(out, &d->block);
  begin_block(d, data, pos);
}

static bool is_block_full(struct deflater *d, const uint8_t *data, uint32_t pos, uint32_t end) {
  size_t size = (size_t)(data + pos - d->block.data);
  if (size >= MAX_BLOCK || d->block.count >= MAX_SEQUENCES) return true;
  return end - pos >= MIN_REST && mixture_has_changed(&d->mixture, &d->block, size);
}

/* Whether a match is worth a literal before it: a shorter distance takes fewer bits (RFC 1951, 3.2.5). */
static inline bool is_better(struct match next, struct match match) {
  int bits = __builtin_clz(next.distance | 1) - __builtin_clz(match.distance);
  return 4 * ((int)next.length - (int)match.length) + bits > 2;
}

/* Makes sequences of what begins in the positions looked up, from `from` to `to`; returns where the last of these ends. */
static uint32_t parse(struct deflater *d, const uint8_t *data, uint32_t pos, uint32_t from, uint32_t to, uint32_t end) {
  const struct ahead *ahead = &d->ahead;
  uint32_t *counts = d->block.litlen_counts, *distance_counts = d->block.distance_counts, literals = d->literals;
  struct sequence *sequence = d->sequences + d->block.count;
  while (pos < to) {
    struct match match = matches_find(ahead, pos - from, data, pos, end);
    if (match.length == 0) {
      counts[data[pos++]]++;
      uint32_t passed = (pos - literals) / PATIENCE;
      if (passed > MAX_PASSED) passed = MAX_PASSED;
      for (; passed > 0 && pos < to; passed--) counts[data[pos++]]++;
      continue;
    }
    while (match.length < GOOD && pos + 1 < to) {
      struct match next = matches_find(ahead, pos + 1 - from, data, pos + 1, end);
      if (!is_better(next, match)) break;
      counts[data[pos++]]++;
      match = next;
    }
    counts[length_symbol(match.length)]++;
    distance_counts[distance_symbol(match.distance)]++;
    *sequence++ = (struct sequence){pos - literals, (uint16_t)match.length, (uint16_t)match.distance};
    pos += match.length;
    literals = pos;
  }
  d->literals = literals;
  d->block.count = (size_t)(sequence - d->sequences);
  return pos;
}

static inline uint32_t min(uint32_t a, uint32_t b) {
  return a < b ? a : b;
}

size_t deflate(struct deflater *d, const uint8_t *data, size_t known, size_t size, uint8_t *out) {
  struct bits bits = {0, 0, out};
  uint32_t pos = (uint32_t)known, end = (uint32_t)(known + size);
  /* The first position that too few bytes follow to be searched. */
  uint32_t last = end < MATCHES_LOOKED_AT ? 0 : end - MATCHES_LOOKED_AT + 1;
  matches_clear(&d->tables);
  for (uint32_t from = 0, to; from < min(pos, last); from = to) {
    to = min(from + AHEAD, min(pos, last));
    matches_enter(&d->tables, &d->ahead, data, from, to);
  }
  begin_block(d, data, pos);
  for (uint32_t from = pos, to; from < last; from = to) {
    to = min(from + AHEAD, last);
    matches_enter(&d->tables, &d->ahead, data, from, to);
    pos = parse(d, data, pos, from, to, end);
    if (is_block_full(d, data, pos, end)) end_block(d, &bits, data, pos);
  }
  while (pos < end) d->block.litlen_counts[data[pos++]]++;
  end_block(d, &bits, data, end);
  write_sync(&bits);
  return (size_t)(bits.at - out);
}
