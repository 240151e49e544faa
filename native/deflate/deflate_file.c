#include "deflate/deflate_file.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "deflate/crc32.h"
#include "deflate/deflate.h"
#include "base/error.h"
#include "base/files.h"

enum { FILE_FD = 3, MEMORY_FD = 4, REQUEST = 20, ANSWER = 8, MAX_PART = 16 << 20 };
enum { SLOTS = 4, SLOT_SIZE = 32 << 20 };

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
  struct crc32 crc32;
  uint8_t *data, *slots;
  size_t room;
};

/* Memory that the client opens at /proc/PID/fd/4: what it reads there need not go through a socket. */
static int share_memory(struct worker *worker, const char *name, struct error *error) {
  int fd = memfd_create(name, MFD_CLOEXEC);
  if (fd < 0 || ftruncate(fd, (off_t)SLOTS * SLOT_SIZE) < 0) return fail(error, errno, "Cannot make memory to compress into");
  if (fd != MEMORY_FD && dup2(fd, MEMORY_FD) < 0) return fail(error, errno, "Cannot share memory");
  worker->slots = mmap(NULL, (size_t)SLOTS * SLOT_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (worker->slots == MAP_FAILED) return fail(error, errno, "Cannot map memory to compress into");
  return 0;
}

static uint32_t number_at(const uint8_t *at) {
  uint32_t number;
  memcpy(&number, at, sizeof number);
  return le32toh(number);
}

static int answer(struct worker *worker, const uint8_t *request, struct error *error) {
  uint64_t offset = number_at(request) | (uint64_t)number_at(request + 4) << 32;
  uint32_t known = number_at(request + 8), size = number_at(request + 12), slot = number_at(request + 16);
  if (known > DEFLATE_WINDOW || known > offset || size > MAX_PART || slot >= SLOTS)
    return fail(error, EPROTO, "Cannot compress a part");
  if (size + 1 > worker->room) {
    worker->room = size + 1;
    worker->data = must_realloc(worker->data, DEFLATE_BEFORE + DEFLATE_WINDOW + worker->room + DEFLATE_BEHIND);
  }
  uint8_t *data = worker->data + DEFLATE_BEFORE;
  if (read_part(data, known + size, offset - known, error) < 0) return -1;
  uint32_t numbers[2] = {
      htole32((uint32_t)deflate(worker->deflater, data, known, size, worker->slots + (size_t)slot * SLOT_SIZE)),
      htole32(crc32_of(&worker->crc32, data + known, size)),
  };
  if (write_all(STDOUT_FILENO, numbers, ANSWER) < 0) return fail(error, errno, "Cannot answer");
  return 0;
}

static int serve(struct worker *worker, const char *memory_name, struct error *error) {
  if (share_memory(worker, memory_name, error) < 0) return -1;
  for (;;) {
    uint8_t request[REQUEST];
    ssize_t got = read_all(request, sizeof request);
    if (got == 0) return 0;
    if (got != REQUEST) return fail(error, EPROTO, "Cannot read a request");
    if (answer(worker, request, error) < 0) return -1;
  }
}

int deflate_file(const char *memory_name) {
  struct error error = {0, ""};
  struct worker worker = {.deflater = deflater_new()};
  crc32_init(&worker.crc32);
  if (serve(&worker, memory_name, &error) == 0) return 0;
  fprintf(stderr, "%s\n", error.message);
  return 1;
}
