#include <endian.h>
#include <errno.h>
#include <string.h>

#include "base/wire.h"

struct reader reader_of(const struct frame *frame) {
  return (struct reader){frame->data, frame->data + frame->size, false};
}

static const uint8_t *take(struct reader *reader, size_t size) {
  if (reader->bad || (size_t)(reader->end - reader->at) < size) {
    reader->bad = true;
    return NULL;
  }
  const uint8_t *start = reader->at;
  reader->at += size;
  return start;
}

uint8_t get_u8(struct reader *reader) {
  const uint8_t *from = take(reader, 1);
  return from ? *from : 0;
}

uint32_t get_u32(struct reader *reader) {
  uint32_t value = 0;
  const uint8_t *from = take(reader, 4);
  if (from) memcpy(&value, from, 4);
  return le32toh(value);
}

uint64_t get_u64(struct reader *reader) {
  uint64_t value = 0;
  const uint8_t *from = take(reader, 8);
  if (from) memcpy(&value, from, 8);
  return le64toh(value);
}

struct bytes get_bytes(struct reader *reader) {
  size_t size = get_u32(reader);
  const uint8_t *data = take(reader, size);
  return data ? (struct bytes){data, size} : (struct bytes){NULL, 0};
}

const char *get_string(struct reader *reader) {
  size_t size = get_u32(reader);
  const uint8_t *data = size == UINT32_MAX ? NULL : take(reader, size + 1);
  if (data && data[size] == 0 && !memchr(data, 0, size)) return (const char *)data;
  reader->bad = true;
  return "";
}

struct strings get_strings(struct reader *reader) {
  size_t count = get_u32(reader);
  /* Each string takes five bytes at least: a count that is a lie is found before memory is asked for. */
  if (reader->bad || count > (size_t)(reader->end - reader->at) / 5) {
    reader->bad = true;
    count = 0;
  }
  struct strings strings = {count, must_alloc((count + 1) * sizeof(char *))};
  for (size_t i = 0; i < count; i++) strings.items[i] = get_string(reader);
  return strings;
}

int reader_finish(const struct reader *reader, const char *what, struct error *error) {
  if (!reader->bad && reader->at == reader->end) return 0;
  return fail(error, EBADMSG, "Cannot read the %s frame", what);
}
