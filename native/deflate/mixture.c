#include "deflate/mixture.h"

enum {
  /* A block is looked at after so many symbols, and not ended before it has so many bytes. */
  SAMPLE = 512,
  MIN_BLOCK = 10000,
  MATCHES = 8,
  LONG = 9,
};

/* Of all symbols of the block, those that were not looked at yet are fresh. */
static void look_at(struct mixture *m, const struct block *block) {
  uint32_t kinds[MIXTURE_KINDS] = {0};
  const uint32_t *counts = block->litlen_counts;
  /* By the two highest bits, and the lowest one. */
  for (unsigned high = 0; high < 4; high++) {
    for (unsigned byte = 64 * high; byte < 64 * (high + 1); byte += 2) {
      kinds[2 * high] += counts[byte];
      kinds[2 * high + 1] += counts[byte + 1];
    }
  }
  for (unsigned i = FIRST_LENGTH; i < LITLENS; i++) kinds[MATCHES + (i >= FIRST_LENGTH + LONG - MIN_MATCH)] += counts[i];
  m->freshes = 0;
  for (unsigned i = 0; i < MIXTURE_KINDS; i++) m->freshes += m->fresh[i] = kinds[i] - m->old[i];
}

bool mixture_has_changed(struct mixture *m, const struct block *block, size_t block_size) {
  look_at(m, block);
  if (m->freshes < SAMPLE) return false;
  if (m->olds > 0 && block_size >= MIN_BLOCK) {
    uint64_t difference = 0, all = (uint64_t)m->freshes * m->olds;
    for (unsigned i = 0; i < MIXTURE_KINDS; i++) {
      int64_t expected = (int64_t)m->old[i] * m->freshes, actual = (int64_t)m->fresh[i] * m->olds;
      difference += (uint64_t)(expected > actual ? expected - actual : actual - expected);
    }
    /* The longer a block is, the less a new one costs. */
    if (difference + block_size / 4096 * m->olds >= all * 200 / 512) return true;
  }
  for (unsigned i = 0; i < MIXTURE_KINDS; i++) m->old[i] += m->fresh[i];
  m->olds += m->freshes;
  return false;
}
