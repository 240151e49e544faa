#include "deflate/deflate_file.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "deflate/deflate.h"
#include "base/error.h"
#include "base/files.h"

enum { FILE_FD = 3, REQUEST = 16, MAX_PART = 16 << 20 };

/* How much was read before the end, or -1. */
static ssize_t read_all(uint8_t *to, size_t size) {
  size_t done = 0;
  while (done < size) {
    ssize_t got = read(STDIN_FILENO, to + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got < 0 ? -1 : (ssize_t)done;
    done += (size_t)got;
  }
  return (ssize_t)done;
}

static int read_part(uint8_t *to, size_t size, uint64_t offset, struct error *error) {
  for (size_t done = 0; done < size;) {
    ssize_t got = pread(FILE_FD, to + done, size - done, (off_t)(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(error, errno, "Cannot read the layer");
    if (got == 0) return fail(error, 0, "Cannot read the layer: it is shorter than it was");
    done += (size_t)got;
  }
  return 0;
}

/* What is kept from one request to the next: fresh memory has to be cleared by the kernel. */
struct worker {
  struct deflater *deflater;
  uint8_t *data, *out;
  size_t largest;
};

static void make_room(struct worker *worker, size_t size) {
  if (size <= worker->largest) return;
  worker->largest = size;
  worker->data = must_realloc(worker->data, DEFLATE_BEFORE + DEFLATE_WINDOW + size + DEFLATE_BEHIND);
  worker->out = must_realloc(worker->out, sizeof(uint32_t) + deflate_bound(size));
}

static int answer(struct worker *worker, const uint8_t *request, struct error *error) {
  uint64_t offset;
  uint32_t known, size;
  memcpy(&offset, request, sizeof offset);
  memcpy(&known, request + 8, sizeof known);
  memcpy(&size, request + 12, sizeof size);
  offset = le64toh(offset);
  known = le32toh(known);
  size = le32toh(size);
  if (known > DEFLATE_WINDOW || known > offset || size > MAX_PART) return fail(error, EPROTO, "Cannot compress a part");
  make_room(worker, size + 1);
  uint8_t *data = worker->data + DEFLATE_BEFORE, *out = worker->out;
  if (read_part(data, known + size, offset - known, error) < 0) return -1;
  size_t written = deflate(worker->deflater, data, known, size, out + sizeof(uint32_t));
  uint32_t prefix = htole32((uint32_t)written);
  memcpy(out, &prefix, sizeof prefix);
  if (write_all(STDOUT_FILENO, out, sizeof prefix + written) < 0) return fail(error, errno, "Cannot answer");
  return 0;
}

int deflate_file(void) {
  struct error error = {0, ""};
  uint8_t request[REQUEST];
  struct worker worker = {deflater_new(), NULL, NULL, 0};
  for (;;) {
    ssize_t got = read_all(request, sizeof request);
    if (got == 0) return 0;
    if (got != REQUEST ? fail(&error, EPROTO, "Cannot read a request") < 0 : answer(&worker, request, &error) < 0) {
      fprintf(stderr, "%s\n", error.message);
      return 1;
    }
  }
}
