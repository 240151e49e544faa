#include "container/control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

/* What is taken of a caller's input at once. */
enum { INPUT_PIECE = 16 * 1024 };

/* In a worker, outside the container. */

int control_open(struct control *control, const char *directory, struct error *error) {
  *control = (struct control){.listener = -1};
  if (*directory == 0) return 0;
  cleanup_close int folder = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  /* The path of a store may be longer than an address (unix(7)). */
  snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/control", folder);
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  unlinkat(folder, "control", 0);
  mode_t before = umask(0177);
  int bound = listener < 0 ? -1 : bind(listener, (struct sockaddr *)&address, sizeof address);
  umask(before);
  if (bound == 0 && listen(listener, SOMAXCONN) == 0) {
    control->listener = listener;
    return 0;
  }
  int code = errno;
  close_later(&listener);
  return fail(error, code, "Cannot listen in '%s'", directory);
}

size_t control_polls(const struct control *control, struct pollfd *fds, bool hungry) {
  /* Who finds the table full waits in the listener's queue: being connected says what there is to know. */
  fds[0] = (struct pollfd){control->count < CONTROL_CALLERS ? control->listener : -1, POLLIN, 0};
  for (size_t i = 0; i < control->count; i++) {
    const struct caller *caller = &control->callers[i];
    fds[i + 1] = (struct pollfd){caller->feeds && !hungry ? -1 : caller->fd, POLLIN, 0};
  }
  return control->count + 1;
}

static void tell(const struct caller *caller, char what, int value) {
  uint8_t answer[2] = {(uint8_t)what, (uint8_t)value};
  (void)!send(caller->fd, answer, sizeof answer, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void take_byte(struct caller *caller, uint8_t byte, struct process *process) {
  if (caller->missing > 0) {
    caller->size[sizeof caller->size - caller->missing--] = byte;
    const uint8_t *size = caller->size;
    if (caller->missing == 0) process_resize(process, size[0] | size[1] << 8, size[2] | size[3] << 8);
  } else if (byte == 'N') {
    process->stopped = true;
  } else if (byte == 'W') {
    caller->missing = sizeof caller->size;
  } else if (byte == 'I') {
    caller->feeds = true;
  } else {
    tell(caller, 'S', process_signal(process, byte));
  }
}

/* False where it hung up. */
static bool serve(struct caller *caller, struct process *process) {
  uint8_t bytes[INPUT_PIECE];
  /* Byte by byte until it feeds: what comes after that is not for here. */
  ssize_t got = recv(caller->fd, bytes, caller->feeds ? sizeof bytes : 1, MSG_DONTWAIT);
  if (got <= 0) return got < 0 && (errno == EAGAIN || errno == EINTR);
  if (caller->feeds) process_feed(process, bytes, (size_t)got);
  else take_byte(caller, bytes[0], process);
  return true;
}

static void accept_caller(struct control *control) {
  int fd = accept4(control->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd >= 0) control->callers[control->count++] = (struct caller){.fd = fd};
}

void control_serve(struct control *control, const struct pollfd *fds, struct process *process) {
  size_t kept = 0, served = control->count;
  for (size_t i = 0; i < served; i++) {
    struct caller caller = control->callers[i];
    if (!fds[i + 1].revents || serve(&caller, process)) control->callers[kept++] = caller;
    else close(caller.fd);
  }
  control->count = kept;
  if (fds[0].revents) accept_caller(control);
}

void control_end(struct control *control, int code) {
  /* Those who came when the container was about to end. */
  for (size_t before = SIZE_MAX; control->listener >= 0 && control->count < CONTROL_CALLERS && control->count != before;) {
    before = control->count;
    accept_caller(control);
  }
  for (size_t i = 0; i < control->count; i++) tell(&control->callers[i], 'E', code);
}
