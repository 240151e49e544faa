#include "deflate/deflate.h"

#include <stdbool.h>
#include <string.h>

#include "deflate/deflate_block.h"
#include "base/error.h"

enum {
  HASH3_BITS = 15,
  HASH4_BITS = 16,
  /* Candidates that are looked at, and a length that is good enough: within 3 % of what gzip -6 makes of layers. */
  DEPTH = 10,
  NICE = 20,
  /* A match of three bytes that lies further away costs more than three literals. */
  NEAR = 4096,
  /* A block is not ended before it has so many bytes, and looked at after so many symbols. */
  MIN_BLOCK = 10000,
  MAX_BLOCK = 300000,
  MAX_SEQUENCES = 50000,
  SAMPLE = 512,
  KINDS = 10,
};

/* How often which kind of symbol came: eight of literals, two of matches. Where that changes, a new block begins. */
struct mixture {
  uint32_t old[KINDS], fresh[KINDS];
  uint32_t olds, freshes;
};

/*
 * The last position with each hash, and for each position of the window the one before it with an equal hash. Kept are the
 * low 16 bits: `age` sees to it that none is older than these tell.
 */
struct tables {
  uint16_t head3[1 << HASH3_BITS];
  uint16_t head4[1 << HASH4_BITS];
  uint16_t before[DEFLATE_WINDOW];
};

enum { ENTRIES = sizeof(struct tables) / sizeof(uint16_t), OLD = DEFLATE_WINDOW + 1, AGING = 32000 };

struct deflater {
  union {
    struct tables tables;
    uint16_t entries[ENTRIES];
  };
  struct sequence sequences[MAX_SEQUENCES + 1];
  struct block block;
  struct mixture mixture;
};

struct deflater *deflater_new(void) {
  return must_alloc(sizeof(struct deflater));
}

size_t deflate_bound(size_t size) {
  return size + size / 512 + 1024;
}

static inline uint32_t load32(const uint8_t *at) {
  uint32_t value;
  memcpy(&value, at, sizeof value);
  return value;
}

static inline uint32_t three_of(uint32_t four) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  return four & 0xffffff;
#else
  return four >> 8;
#endif
}

static inline unsigned match_length(const uint8_t *a, const uint8_t *b, unsigned from, unsigned limit) {
  unsigned length = from;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  for (; length + 8 <= limit; length += 8) {
    uint64_t x, y;
    memcpy(&x, a + length, sizeof x);
    memcpy(&y, b + length, sizeof y);
    if (x != y) return length + (unsigned)__builtin_ctzll(x ^ y) / 8;
  }
#endif
  while (length < limit && a[length] == b[length]) length++;
  return length;
}

static inline uint32_t hash(uint32_t value, unsigned bits) {
  return value * 0x9e3779b1U >> (32 - bits);
}

/* Positions that lie behind the window are as old as they can be: to be called every AGING positions. */
__attribute__((optimize("tree-vectorize"))) static void age(struct deflater *d, uint32_t pos) {
  uint16_t here = (uint16_t)pos, old = (uint16_t)(pos - OLD);
  for (size_t i = 0; i < ENTRIES; i++) {
    uint16_t entry = d->entries[i];
    d->entries[i] = (uint16_t)(here - entry) > DEFLATE_WINDOW ? old : entry;
  }
}

/* Where the tables are looked into for the next position: known one step before, so that they are in the cache by then. */
struct places {
  uint16_t *head3, *head4;
};

static inline struct places places_of(struct deflater *d, uint32_t four) {
  struct places places = {&d->tables.head3[hash(three_of(four), HASH3_BITS)], &d->tables.head4[hash(four, HASH4_BITS)]};
  __builtin_prefetch(places.head3, 1);
  __builtin_prefetch(places.head4, 1);
  return places;
}

/* Notes that something is at `pos`; says how far back the last with equal hashes was. Five bytes must be there. */
static inline void insert(struct deflater *d, const uint8_t *data, uint32_t pos, struct places *places,
                          uint32_t *near3, uint32_t *near4) {
  uint16_t first3 = *places->head3, first4 = *places->head4;
  *places->head3 = *places->head4 = (uint16_t)pos;
  d->tables.before[pos % DEFLATE_WINDOW] = first4;
  *places = places_of(d, load32(data + pos + 1));
  *near3 = (uint16_t)(pos - first3);
  *near4 = (uint16_t)(pos - first4);
}

/* The longest match at `pos`, of at most `limit` bytes; a length of less than MIN_MATCH is none. */
static inline unsigned find(struct deflater *d, const uint8_t *data, uint32_t pos, unsigned limit,
                            struct places *places, uint32_t *distance) {
  const uint8_t *here = data + pos;
  uint32_t near, back, four = load32(here);
  unsigned best = MIN_MATCH - 1, tail = 0, depth = DEPTH;
  insert(d, data, pos, places, &near, &back);
  for (uint32_t next; back <= DEFLATE_WINDOW && depth > 0; back = next, depth--) {
    const uint8_t *there = here - back;
    next = (uint16_t)(pos - d->tables.before[(pos - back) % DEFLATE_WINDOW]);
    if (load32(there + tail) != load32(here + tail) || load32(there) != four) continue;
    unsigned length = match_length(here, there, 4, limit);
    if (length <= best) continue;
    best = length;
    tail = best - 3;
    *distance = back;
    if (best >= NICE || best == limit) return best;
  }
  if (best < MIN_MATCH && near <= NEAR && three_of(load32(here - near)) == three_of(four)) {
    best = MIN_MATCH;
    *distance = near;
  }
  return best;
}

/* Whether the last symbols are so unlike those before that codes of their own pay. */
static bool has_changed(struct mixture *m, size_t block_size) {
  if (m->olds > 0) {
    uint64_t difference = 0, all = (uint64_t)m->freshes * m->olds;
    for (unsigned i = 0; i < KINDS; i++) {
      int64_t expected = (int64_t)m->old[i] * m->freshes, actual = (int64_t)m->fresh[i] * m->olds;
      difference += (uint64_t)(expected > actual ? expected - actual : actual - expected);
    }
    /* The longer a block is, the less a new one costs. */
    if (difference + block_size / 4096 * m->olds >= all * 200 / 512) return true;
  }
  for (unsigned i = 0; i < KINDS; i++) {
    m->old[i] += m->fresh[i];
    m->fresh[i] = 0;
  }
  m->olds += m->freshes;
  m->freshes = 0;
  return false;
}

static void begin_block(struct deflater *d, const uint8_t *data) {
  memset(&d->block, 0, sizeof d->block);
  memset(&d->mixture, 0, sizeof d->mixture);
  d->block.data = data;
  d->block.sequences = d->sequences;
  d->sequences[0] = (struct sequence){0, 0, 0};
}

static void add_literal(struct deflater *d, uint8_t byte) {
  d->block.litlen_counts[byte]++;
  d->sequences[d->block.count].literals++;
  d->mixture.fresh[(byte >> 5 & 6) | (byte & 1)]++;
  d->mixture.freshes++;
}

static void add_match(struct deflater *d, unsigned length, uint32_t distance) {
  d->block.litlen_counts[length_symbol(length)]++;
  d->block.distance_counts[distance_symbol(distance)]++;
  d->sequences[d->block.count].length = (uint16_t)length;
  d->sequences[d->block.count].distance = (uint16_t)distance;
  d->sequences[++d->block.count] = (struct sequence){0, 0, 0};
  d->mixture.fresh[8 + (length >= 9)]++;
  d->mixture.freshes++;
}

static void end_block(struct deflater *d, struct bits *out, const uint8_t *end) {
  d->block.size = (size_t)(end - d->block.data);
  if (d->block.size == 0) return;
  /* The literals after the last match are a sequence without one. */
  d->block.count++;
  write_block(out, &d->block);
  begin_block(d, end);
}

static bool is_block_full(struct deflater *d, const uint8_t *at, const uint8_t *end) {
  size_t size = (size_t)(at - d->block.data);
  if (size >= MAX_BLOCK || d->block.count >= MAX_SEQUENCES) return true;
  if (d->mixture.freshes < SAMPLE || size < MIN_BLOCK || end - at < MIN_BLOCK) return false;
  return has_changed(&d->mixture, size);
}

size_t deflate(struct deflater *d, const uint8_t *data, size_t known, size_t size, uint8_t *out) {
  struct bits bits = {0, 0, out};
  uint32_t pos = 0, end = (uint32_t)(known + size), distance = 0, aged = 0, unused;
  /* One after the last position where five bytes are. */
  uint32_t last = end < 5 ? 0 : end - 4;
  for (size_t i = 0; i < ENTRIES; i++) d->entries[i] = (uint16_t)-OLD;
  struct places places = places_of(d, last > 0 ? load32(data) : 0);
  for (; pos < known && pos < last; pos++) {
    if (pos - aged >= AGING) age(d, aged = pos);
    insert(d, data, pos, &places, &unused, &unused);
  }
  pos = (uint32_t)known;
  begin_block(d, data + known);
  while (pos < end) {
    if (pos - aged >= AGING) age(d, aged = pos);
    unsigned limit = end - pos < MAX_MATCH ? end - pos : MAX_MATCH;
    unsigned length = pos < last ? find(d, data, pos, limit, &places, &distance) : 0;
    if (length < MIN_MATCH) {
      add_literal(d, data[pos++]);
    } else {
      add_match(d, length, distance);
      uint32_t after = pos + length;
      for (pos++; pos < after && pos < last; pos++) insert(d, data, pos, &places, &unused, &unused);
      pos = after;
    }
    if (is_block_full(d, data + pos, data + end)) end_block(d, &bits, data + pos);
  }
  end_block(d, &bits, data + end);
  write_sync(&bits);
  return (size_t)(bits.at - out);
}
