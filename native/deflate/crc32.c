#include "deflate/crc32.h"

#include <stdbool.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_acle.h>
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

enum { POLYNOMIAL = (int)0xedb88320 };

void crc32_init(struct crc32 *crc32) {
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t value = byte;
    for (unsigned bit = 0; bit < 8; bit++) value = value >> 1 ^ ((uint32_t)POLYNOMIAL & -(value & 1));
    crc32->tables[0][byte] = value;
  }
  for (unsigned n = 1; n < 8; n++)
    for (unsigned byte = 0; byte < 256; byte++) {
      uint32_t value = crc32->tables[n - 1][byte];
      crc32->tables[n][byte] = value >> 8 ^ crc32->tables[0][value & 255];
    }
}

/* Kounavis and Berry, "A systematic approach to building high performance software-based CRC generators" (2005). */
static uint32_t by_tables(const struct crc32 *crc32, uint32_t value, const uint8_t *data, size_t size) {
  for (; size >= 8; data += 8, size -= 8) {
    uint32_t next = 0;
    for (unsigned n = 0; n < 4; n++) next ^= crc32->tables[7 - n][(data[n] ^ value >> 8 * n) & 255];
    for (unsigned n = 4; n < 8; n++) next ^= crc32->tables[7 - n][data[n]];
    value = next;
  }
  for (; size > 0; data++, size--) value = value >> 8 ^ crc32->tables[0][(value ^ *data) & 255];
  return value;
}

#if defined(__x86_64__)
static bool has_instructions(void) {
  return __builtin_cpu_supports("pclmul");
}

__attribute__((target("pclmul"))) static inline __m128i fold(__m128i sum, __m128i by, __m128i next) {
  __m128i low = _mm_clmulepi64_si128(sum, by, 0x00), high = _mm_clmulepi64_si128(sum, by, 0x11);
  return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

/*
 * Gopal and others, "Fast CRC computation for generic polynomials using PCLMULQDQ instruction" (Intel, 2009), with its
 * constants for this polynomial: four sums of 16 bytes each, until there is one, whose checksum is that of all before.
 */
__attribute__((target("pclmul"))) static uint32_t by_instructions(const struct crc32 *crc32, uint32_t value,
                                                                 const uint8_t *data, size_t size) {
  if (size < 64) return by_tables(crc32, value, data, size);
  const __m128i by64 = _mm_set_epi64x(0x1c6e41596, 0x154442bd4), by16 = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);
  __m128i sums[4];
  for (unsigned n = 0; n < 4; n++) sums[n] = _mm_loadu_si128((const __m128i *)data + n);
  sums[0] = _mm_xor_si128(sums[0], _mm_cvtsi32_si128((int)value));
  for (data += 64, size -= 64; size >= 64; data += 64, size -= 64)
    for (unsigned n = 0; n < 4; n++) sums[n] = fold(sums[n], by64, _mm_loadu_si128((const __m128i *)data + n));
  __m128i sum = sums[0];
  for (unsigned n = 1; n < 4; n++) sum = fold(sum, by16, sums[n]);
  uint8_t last[16];
  memcpy(last, &sum, sizeof last);
  return by_tables(crc32, by_tables(crc32, 0, last, sizeof last), data, size);
}
#elif defined(__aarch64__)
static bool has_instructions(void) {
  return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
}

__attribute__((target("+crc"))) static uint32_t by_instructions(const struct crc32 *crc32, uint32_t value, const uint8_t *data,
                                                               size_t size) {
  for (; size >= 8; data += 8, size -= 8) {
    uint64_t eight;
    memcpy(&eight, data, sizeof eight);
    value = __crc32d(value, eight);
  }
  return by_tables(crc32, value, data, size);
}
#else
static bool has_instructions(void) {
  return false;
}
#define by_instructions by_tables
#endif

uint32_t crc32_of(const struct crc32 *crc32, const uint8_t *data, size_t size) {
  uint32_t value = 0xffffffff;
  return ~(has_instructions() ? by_instructions : by_tables)(crc32, value, data, size);
}
