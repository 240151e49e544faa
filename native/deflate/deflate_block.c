#include "deflate/deflate_block.h"

#include <endian.h>
#include <stdbool.h>
#include <string.h>

#include "deflate/huffman.h"

enum { STORED = 0, FIXED = 1, DYNAMIC = 2 };
enum { END = 256, PRECODES = 19, PRECODE_LIMIT = 7, LIMIT = 15, STORED_MAX = 65535 };

/* RFC 1951, 3.2.5. */
static const uint16_t LENGTH_BASE[29] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                         31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
static const uint8_t LENGTH_EXTRA[29] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
/* RFC 1951, 3.2.7. */
static const uint8_t PRECODE_ORDER[PRECODES] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

struct codes {
  uint8_t litlen_lengths[LITLENS];
  uint8_t distance_lengths[DISTANCES + 2];
  uint16_t litlens[LITLENS];
  uint16_t distances[DISTANCES + 2];
};

/* The lengths of both codes, as they are written: symbols of the precode with their extra bits. */
struct header {
  unsigned litlens, distances, precodes, count;
  uint8_t symbols[LITLENS + DISTANCES];
  uint8_t extras[LITLENS + DISTANCES];
  uint8_t lengths[PRECODES];
  uint16_t codes[PRECODES];
  uint64_t bits;
};

static unsigned distance_extra(unsigned symbol) {
  return symbol < 4 ? 0 : symbol / 2 - 1;
}

static inline void add_bits(struct bits *out, uint64_t value, unsigned count) {
  out->waiting |= value << out->count;
  out->count += count;
}

/* At most seven bits wait after it: another 56 may be added. */
static inline void flush_bits(struct bits *out) {
  uint64_t value = htole64(out->waiting);
  memcpy(out->at, &value, sizeof value);
  out->at += out->count / 8;
  out->waiting >>= out->count & ~7U;
  out->count &= 7;
}

static void put_bits(struct bits *out, uint64_t value, unsigned count) {
  add_bits(out, value, count);
  flush_bits(out);
}

/* Runs of equal lengths in short (RFC 1951, 3.2.7). */
static void make_header(struct header *header, const struct codes *codes) {
  uint8_t lengths[LITLENS + DISTANCES];
  uint32_t counts[PRECODES] = {0};
  static const uint8_t EXTRA[PRECODES] = {[16] = 2, [17] = 3, [18] = 7};
  header->litlens = 286;
  while (header->litlens > FIRST_LENGTH && codes->litlen_lengths[header->litlens - 1] == 0) header->litlens--;
  header->distances = DISTANCES;
  while (header->distances > 1 && codes->distance_lengths[header->distances - 1] == 0) header->distances--;
  memcpy(lengths, codes->litlen_lengths, header->litlens);
  memcpy(lengths + header->litlens, codes->distance_lengths, header->distances);
  unsigned total = header->litlens + header->distances;
  header->count = 0;
  for (unsigned at = 0, run; at < total; at += run) {
    unsigned limit = lengths[at] == 0 ? 138 : 6, symbol = lengths[at], extra = 0;
    for (run = 1; run < limit && at + run < total && lengths[at + run] == lengths[at]; run++) continue;
    if (lengths[at] == 0 && run >= 11) symbol = 18, extra = run - 11;
    else if (lengths[at] == 0 && run >= 3) symbol = 17, extra = run - 3;
    else if (lengths[at] != 0 && at > 0 && lengths[at] == lengths[at - 1] && run >= 3) symbol = 16, extra = run - 3;
    else run = 1;
    counts[symbol]++;
    header->symbols[header->count] = (uint8_t)symbol;
    header->extras[header->count++] = (uint8_t)extra;
  }
  huffman_lengths(counts, PRECODES, PRECODE_LIMIT, header->lengths);
  huffman_codes(header->lengths, PRECODES, header->codes);
  header->precodes = PRECODES;
  while (header->precodes > 4 && header->lengths[PRECODE_ORDER[header->precodes - 1]] == 0) header->precodes--;
  header->bits = 5 + 5 + 4 + 3 * header->precodes;
  for (unsigned i = 0; i < PRECODES; i++) header->bits += counts[i] * (header->lengths[i] + EXTRA[i]);
}

static void write_header(struct bits *out, const struct header *header) {
  put_bits(out, header->litlens - FIRST_LENGTH, 5);
  put_bits(out, header->distances - 1, 5);
  put_bits(out, header->precodes - 4, 4);
  for (unsigned i = 0; i < header->precodes; i++) put_bits(out, header->lengths[PRECODE_ORDER[i]], 3);
  for (unsigned i = 0; i < header->count; i++) {
    unsigned symbol = header->symbols[i];
    add_bits(out, header->codes[symbol], header->lengths[symbol]);
    put_bits(out, header->extras[i], symbol < 16 ? 0 : symbol == 16 ? 2 : symbol == 17 ? 3 : 7);
  }
}

static void fixed_lengths(struct codes *codes) {
  for (unsigned i = 0; i < LITLENS; i++) codes->litlen_lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
  memset(codes->distance_lengths, 5, sizeof codes->distance_lengths);
}

static uint64_t size_in_bits(const struct block *block, const struct codes *codes) {
  uint64_t bits = 0;
  for (unsigned i = 0; i < LITLENS; i++) {
    unsigned extra = i < FIRST_LENGTH || i > 285 ? 0 : LENGTH_EXTRA[i - FIRST_LENGTH];
    bits += (uint64_t)block->litlen_counts[i] * (codes->litlen_lengths[i] + extra);
  }
  for (unsigned i = 0; i < DISTANCES; i++)
    bits += (uint64_t)block->distance_counts[i] * (codes->distance_lengths[i] + distance_extra(i));
  return bits;
}

static void write_stored(struct bits *out, const uint8_t *data, size_t size) {
  do {
    size_t part = size < STORED_MAX ? size : STORED_MAX;
    put_bits(out, STORED << 1, 3);
    put_bits(out, 0, -out->count & 7);
    put_bits(out, part | (~part & 0xffff) << 16, 32);
    if (part > 0) memcpy(out->at, data, part);
    out->at += part;
    data += part;
    size -= part;
  } while (size > 0);
}

/* Codes as they are written, their extra bits included, and how many bits these are. */
struct words {
  uint32_t literals[256];
  uint32_t lengths[MAX_MATCH + 1];
  uint32_t distances[DISTANCES];
};

enum { WORD_BITS = 24, WORD = (1 << WORD_BITS) - 1, EXTRA_BITS = 16, CODE = (1 << EXTRA_BITS) - 1 };

static void make_words(struct words *words, const struct codes *codes) {
  for (unsigned i = 0; i < 256; i++) words->literals[i] = codes->litlens[i] | (uint32_t)codes->litlen_lengths[i] << WORD_BITS;
  for (unsigned i = 0; i < 29; i++) {
    unsigned bits = codes->litlen_lengths[FIRST_LENGTH + i], count = 1U << LENGTH_EXTRA[i];
    for (unsigned extra = 0; extra < count && LENGTH_BASE[i] + extra <= MAX_MATCH; extra++)
      words->lengths[LENGTH_BASE[i] + extra] =
          (codes->litlens[FIRST_LENGTH + i] | extra << bits) | (bits + LENGTH_EXTRA[i]) << WORD_BITS;
  }
  for (unsigned i = 0; i < DISTANCES; i++)
    words->distances[i] =
        codes->distances[i] | distance_extra(i) << EXTRA_BITS | (uint32_t)codes->distance_lengths[i] << WORD_BITS;
}

static inline void add_word(struct bits *out, uint32_t word) {
  add_bits(out, word & WORD, word >> WORD_BITS);
}

static void write_symbols(struct bits *to, const struct block *block, const struct codes *codes) {
  const uint8_t *at = block->data;
  struct words words;
  /* In registers, as bytes that are written might be anything. */
  struct bits bits = *to, *out = &bits;
  make_words(&words, codes);
  for (const struct sequence *sequence = block->sequences, *end = sequence + block->count; sequence < end; sequence++) {
    uint32_t left = sequence->literals;
    for (; left > 3; left -= 3, at += 3) {
      for (unsigned n = 0; n < 3; n++) add_word(out, words.literals[at[n]]);
      flush_bits(out);
    }
    /* Without a jump, as none could be foreseen: up to three literals, of words that are nothing where there are fewer. */
    for (unsigned n = 0; n < 3; n++) add_word(out, words.literals[at[n]] & -(uint32_t)(n < left));
    at += left;
    flush_bits(out);
    if (sequence->length == 0) continue;
    add_word(out, words.lengths[sequence->length]);
    unsigned distance = sequence->distance - 1U, word = words.distances[distance_symbol(sequence->distance)];
    unsigned extra = word >> EXTRA_BITS & 0xff;
    add_bits(out, word & CODE, word >> WORD_BITS);
    add_bits(out, distance & ((1U << extra) - 1), extra);
    flush_bits(out);
    at += sequence->length;
  }
  put_bits(out, codes->litlens[END], codes->litlen_lengths[END]);
  *to = bits;
}

void write_block(struct bits *out, struct block *block) {
  struct codes fixed, dynamic;
  struct header header;
  block->litlen_counts[END] = 1;
  fixed_lengths(&fixed);
  huffman_lengths(block->litlen_counts, 286, LIMIT, dynamic.litlen_lengths);
  memset(dynamic.litlen_lengths + 286, 0, LITLENS - 286);
  huffman_lengths(block->distance_counts, DISTANCES, LIMIT, dynamic.distance_lengths);
  make_header(&header, &dynamic);
  uint64_t as_fixed = size_in_bits(block, &fixed), as_dynamic = header.bits + size_in_bits(block, &dynamic);
  uint64_t as_stored = 8 * (block->size + 5 * (block->size / STORED_MAX + 1));
  bool is_fixed = as_fixed <= as_dynamic;
  if (as_stored <= (is_fixed ? as_fixed : as_dynamic)) {
    write_stored(out, block->data, block->size);
    return;
  }
  struct codes *codes = is_fixed ? &fixed : &dynamic;
  put_bits(out, (is_fixed ? FIXED : DYNAMIC) << 1, 3);
  if (!is_fixed) write_header(out, &header);
  huffman_codes(codes->litlen_lengths, LITLENS, codes->litlens);
  huffman_codes(codes->distance_lengths, is_fixed ? 32 : DISTANCES, codes->distances);
  write_symbols(out, block, codes);
}

void write_sync(struct bits *out) {
  write_stored(out, NULL, 0);
}
