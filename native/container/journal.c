#include "container/journal.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/uio.h>
#include <time.h>

struct __attribute__((packed)) log_header {
  uint64_t time;
  uint32_t size;
  uint8_t stream, zero[3];
};

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_nsec;
}

static int open_log(struct journal *journal) {
  cleanup_free char *path = must_format("%s/log", journal->directory);
  journal->log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  off_t size = journal->log < 0 ? -1 : lseek(journal->log, 0, SEEK_END);
  journal->size = size < 0 ? 0 : (uint64_t)size;
  return journal->log;
}

int journal_open(struct journal *journal, const char *directory, struct error *error) {
  *journal = (struct journal){.directory = directory, .log = -1};
  if (*directory == 0 || open_log(journal) >= 0) return 0;
  return fail(error, errno, "Cannot open the log in '%s'", directory);
}

/* Who reads the old file sees its end by the new one's being there. */
static void begin_part(struct journal *journal) {
  cleanup_free char *path = must_format("%s/log", journal->directory);
  cleanup_free char *old = must_format("%s/log.1", journal->directory);
  if (rename(path, old) < 0) return;
  close_later(&journal->log);
  open_log(journal);
}

void journal_output(struct journal *journal, uint8_t stream, const void *data, size_t size) {
  struct log_header header = {htole64(now()), htole32((uint32_t)size), stream, {0}};
  struct iovec parts[] = {{&header, sizeof header}, {(void *)data, size}};
  size_t whole = sizeof header + size;
  if (journal->log >= 0 && journal->size + whole > LOG_PART) begin_part(journal);
  if (journal->log < 0) return;
  ssize_t put = writev(journal->log, parts, 2);
  if (put == (ssize_t)whole) journal->size += whole;
  /* A piece that did not fit would make what follows unreadable. */
  else (void)!ftruncate(journal->log, (off_t)journal->size);
}

/* Others see the file before, or this one. */
static void __attribute__((format(printf, 3, 4))) write_whole(const struct journal *journal, const char *name, const char *format, ...) {
  if (*journal->directory == 0) return;
  cleanup_free char *path = must_format("%s/%s", journal->directory, name);
  cleanup_free char *temp = must_format("%s.tmp", path);
  cleanup_close int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return;
  va_list values;
  va_start(values, format);
  if (vdprintf(fd, format, values) > 0) rename(temp, path);
  va_end(values);
}

void journal_exit(const struct journal *journal, const struct ending *ending) {
  write_whole(journal, "exit", "%d %d %d %d %llu\n%s", ending->code, ending->signal, ending->failure, ending->out_of_memory,
              (unsigned long long)now(), ending->message);
}

void journal_restart(const struct journal *journal, uint32_t count, const struct ending *last, pid_t pid, uint64_t start) {
  write_whole(journal, "restarts", "%u %d %llu %d %d %llu\n", count, (int)pid, (unsigned long long)start, last->code,
              last->out_of_memory, (unsigned long long)now());
}
