#ifndef TSBUILD_DEFLATE_H
#define TSBUILD_DEFLATE_H

#include <stddef.h>
#include <stdint.h>

enum {
  /* As far back as a match may lie. */
  DEFLATE_WINDOW = 32768,
  /* So many bytes before and behind the data are read as well, whatever they are. */
  DEFLATE_BEFORE = 65536,
  DEFLATE_BEHIND = 16,
};

struct deflater;

struct deflater *deflater_new(void);
/* Room that `size` bytes need at most. */
size_t deflate_bound(size_t size);
/*
 * Compresses `size` bytes at `data + known` to blocks that end at a byte and are not the last ones (RFC 1951). The `known`
 * bytes before them, at most a window, are those that whoever reads the result has: matches may lie in them. The same bytes
 * for the same input, whatever was compressed before. Returns how many were written.
 */
size_t deflate(struct deflater *deflater, const uint8_t *data, size_t known, size_t size, uint8_t *out);

#endif
