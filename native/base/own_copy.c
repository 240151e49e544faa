#include "base/own_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE, EXECUTABLE = 0x10 /* MFD_EXEC, Linux 6.3 */ };

static int copy_bytes(int from, int to) {
  char buffer[65536];
  ssize_t got;
  if (lseek(from, 0, SEEK_SET) < 0) return -1;
  while ((got = read(from, buffer, sizeof buffer)) > 0)
    if (write(to, buffer, (size_t)got) != got) return -1;
  return got < 0 ? -1 : 0;
}

static int copy_to_memory(int self) {
  int copy = memfd_create("tsbuild-helper", MFD_CLOEXEC | MFD_ALLOW_SEALING | EXECUTABLE);
  if (copy < 0 && errno == EINVAL) copy = memfd_create("tsbuild-helper", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (copy >= 0 && copy_bytes(self, copy) == 0 && fcntl(copy, F_ADD_SEALS, SEALS) == 0) return copy;
  close_later(&copy);
  return -1;
}

/* Where vm.memfd_noexec is 2: a file without a name. A process that writes to it later changes nothing that anybody runs. */
static int copy_to_disk(int self) {
  static const char *const PLACES[] = {"/tmp", "/var/tmp", "/run", "/dev/shm"};
  for (size_t i = 0; i < sizeof PLACES / sizeof *PLACES; i++) {
    cleanup_close int written = open(PLACES[i], O_TMPFILE | O_RDWR | O_CLOEXEC, 0500);
    if (written < 0 || copy_bytes(self, written) < 0) continue;
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", written);
    int copy = open(link, O_RDONLY | O_CLOEXEC);
    /* X_OK also says no on a file system that is mounted noexec. */
    if (copy >= 0 && access(link, X_OK) == 0) return copy;
    close_later(&copy);
  }
  return -1;
}

#ifdef EMULATED
/* What qemu-user executes has no /proc/self/exe when it has no name. */
int become_copy(char **argv, struct error *error) {
  (void)argv, (void)error, (void)copy_to_memory, (void)copy_to_disk;
  return 0;
}
#else
int become_copy(char **argv, struct error *error) {
  struct stat st;
  cleanup_close int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (self < 0 || fstat(self, &st) < 0) return fail(error, errno, "Cannot open the helper");
  /* Neither a file in memory nor one of O_TMPFILE has a name. */
  if (st.st_nlink == 0) return 0;
  int copy = copy_to_memory(self);
  if (copy >= 0) fexecve(copy, argv, (char *[]){NULL});
  close_later(&copy);
  copy = copy_to_disk(self);
  if (copy >= 0) fexecve(copy, argv, (char *[]){NULL});
  return fail(error, errno, "Cannot execute a copy of the helper");
}
#endif
