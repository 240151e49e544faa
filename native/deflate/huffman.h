#ifndef TSBUILD_HUFFMAN_H
#define TSBUILD_HUFFMAN_H

#include <stdint.h>

enum { HUFFMAN_SYMBOLS = 288 };

/*
 * The lengths of a prefix code of at most `limit` bits for symbols that occur so often: less than 2^23 times. Symbols that do not occur have
 * length 0, but at least two have one, as some decoders want it.
 */
void huffman_lengths(const uint32_t *counts, unsigned symbols, unsigned limit, uint8_t *lengths);
/* The codes that belong to lengths (RFC 1951, 3.2.2), their bits in the order in which they are written. */
void huffman_codes(const uint8_t *lengths, unsigned symbols, uint16_t *codes);

#endif
