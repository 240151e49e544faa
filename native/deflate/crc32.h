#ifndef TSBUILD_CRC32_H
#define TSBUILD_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* Tables of what each byte makes of a checksum, one byte further away in each. */
struct crc32 {
  uint32_t tables[8][256];
};

void crc32_init(struct crc32 *crc32);
/* The checksum that gzip ends with (RFC 1952, 8), by the processor's own instructions where it has some. */
uint32_t crc32_of(const struct crc32 *crc32, const uint8_t *data, size_t size);

#endif
