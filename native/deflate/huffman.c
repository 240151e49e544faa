#include "deflate/huffman.h"

#include <string.h>

enum { MAX_LENGTH = 15, SYMBOL_BITS = 9, SYMBOL = (1 << SYMBOL_BITS) - 1, DEEPEST = 32 };

/* By counting, eight bits at a time from those that are the lowest of the counts: the symbols below them are in order already. */
static void sort(uint32_t *numbers, unsigned count, uint32_t largest) {
  uint32_t other[HUFFMAN_SYMBOLS], *from = numbers, *to = other;
  for (unsigned shift = SYMBOL_BITS; shift < 32 && largest >> shift > 0; shift += 8) {
    unsigned places[256] = {0};
    for (unsigned i = 0; i < count; i++) places[from[i] >> shift & 255]++;
    for (unsigned i = 0, place = 0; i < 256; i++) {
      unsigned here = places[i];
      places[i] = place;
      place += here;
    }
    for (unsigned i = 0; i < count; i++) to[places[from[i] >> shift & 255]++] = from[i];
    uint32_t *sorted = to;
    to = from;
    from = sorted;
  }
  if (from != numbers) memcpy(numbers, from, count * sizeof *numbers);
}

/*
 * Moffat and Katajainen, "In-place calculation of minimum-redundancy codes" (1995): weights in ascending order become the
 * lengths of their codes, in descending order. At least two weights.
 */
static void weights_to_lengths(uint32_t *a, int n) {
  int root = 0, leaf = 2, next;
  a[0] += a[1];
  for (next = 1; next < n - 1; next++) {
    if (leaf >= n || a[root] < a[leaf]) {
      a[next] = a[root];
      a[root++] = (uint32_t)next;
    } else {
      a[next] = a[leaf++];
    }
    if (leaf >= n || (root < next && a[root] < a[leaf])) {
      a[next] += a[root];
      a[root++] = (uint32_t)next;
    } else {
      a[next] += a[leaf++];
    }
  }
  a[n - 2] = 0;
  for (next = n - 3; next >= 0; next--) a[next] = a[a[next]] + 1;
  int available = 1, used = 0;
  uint32_t depth = 0;
  root = n - 2;
  next = n - 1;
  while (available > 0) {
    while (root >= 0 && a[root] == depth) {
      used++;
      root--;
    }
    while (available > used) {
      a[next--] = depth;
      available--;
    }
    available = 2 * used;
    depth++;
    used = 0;
  }
}

/* Makes codes that are too long shorter, and as few others longer as that needs, until they are a complete code again. */
static void limit_lengths(unsigned *per_length, unsigned limit) {
  for (unsigned i = limit + 1; i <= DEEPEST; i++) {
    per_length[limit] += per_length[i];
    per_length[i] = 0;
  }
  uint64_t total = 0;
  for (unsigned i = 1; i <= limit; i++) total += (uint64_t)per_length[i] << (limit - i);
  for (; total > (uint64_t)1 << limit; total--) {
    unsigned i = limit - 1;
    while (per_length[i] == 0) i--;
    per_length[limit]--;
    per_length[i]--;
    per_length[i + 1] += 2;
  }
}

void huffman_lengths(const uint32_t *counts, unsigned symbols, unsigned limit, uint8_t *lengths) {
  uint32_t sorted[HUFFMAN_SYMBOLS];
  uint32_t weights[HUFFMAN_SYMBOLS];
  uint32_t largest = 0;
  unsigned used = 0;
  memset(lengths, 0, symbols);
  for (unsigned i = 0; i < symbols; i++) {
    sorted[used] = counts[i] << SYMBOL_BITS | i;
    largest = sorted[used] > largest ? sorted[used] : largest;
    used += counts[i] > 0;
  }
  if (used < 2) {
    unsigned only = used == 1 ? sorted[0] & SYMBOL : 0;
    lengths[only] = 1;
    lengths[only == 0 ? 1 : 0] = 1;
    return;
  }
  sort(sorted, used, largest);
  for (unsigned i = 0; i < used; i++) weights[i] = sorted[i] >> SYMBOL_BITS;
  weights_to_lengths(weights, (int)used);
  unsigned per_length[DEEPEST + 1] = {0};
  for (unsigned i = 0; i < used; i++) per_length[weights[i] < DEEPEST ? weights[i] : DEEPEST]++;
  limit_lengths(per_length, limit);
  unsigned rarest = 0;
  for (unsigned length = limit; length > 0; length--)
    for (unsigned i = 0; i < per_length[length]; i++)
      lengths[sorted[rarest++] & SYMBOL] = (uint8_t)length;
}

void huffman_codes(const uint8_t *lengths, unsigned symbols, uint16_t *codes) {
  unsigned per_length[MAX_LENGTH + 1] = {0}, next[MAX_LENGTH + 1] = {0}, code = 0;
  for (unsigned i = 0; i < symbols; i++) per_length[lengths[i]]++;
  per_length[0] = 0;
  for (unsigned length = 1; length <= MAX_LENGTH; length++) next[length] = code = (code + per_length[length - 1]) << 1;
  for (unsigned i = 0; i < symbols; i++) {
    unsigned value = next[lengths[i]]++;
    value = (value & 0x5555) << 1 | (value >> 1 & 0x5555);
    value = (value & 0x3333) << 2 | (value >> 2 & 0x3333);
    value = (value & 0x0f0f) << 4 | (value >> 4 & 0x0f0f);
    codes[i] = (uint16_t)(((value << 8 & 0xff00) | value >> 8) >> (16 - lengths[i]));
  }
}
