#include "container/control.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

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
  if (listener >= 0 && bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(listener, SOMAXCONN) == 0) {
    control->listener = listener;
    return 0;
  }
  int code = errno;
  close_later(&listener);
  return fail(error, code, "Cannot listen in '%s'", directory);
}

size_t control_polls(const struct control *control, struct pollfd *fds) {
  /* Who finds the table full waits in the listener's queue: being connected says what there is to know. */
  fds[0] = (struct pollfd){control->count < CONTROL_CALLERS ? control->listener : -1, POLLIN, 0};
  for (size_t i = 0; i < control->count; i++) fds[i + 1] = (struct pollfd){control->callers[i], POLLIN, 0};
  return control->count + 1;
}

static void tell(int caller, char what, int value) {
  uint8_t answer[2] = {(uint8_t)what, (uint8_t)value};
  (void)!send(caller, answer, sizeof answer, MSG_NOSIGNAL | MSG_DONTWAIT);
}

bool control_serve(struct control *control, const struct pollfd *fds, pid_t child) {
  bool killed = false;
  size_t kept = 0, served = control->count;
  for (size_t i = 0; i < served; i++) {
    int caller = control->callers[i];
    uint8_t number;
    ssize_t got = fds[i + 1].revents ? recv(caller, &number, 1, MSG_DONTWAIT) : -1;
    if (got == 0 || (got < 0 && fds[i + 1].revents && errno != EAGAIN && errno != EINTR)) {
      close(caller);
      continue;
    }
    control->callers[kept++] = caller;
    if (got != 1) continue;
    if (number == SIGKILL) killed = true;
    tell(caller, 'S', kill(child, number) == 0 ? 0 : errno);
  }
  control->count = kept;
  if (fds[0].revents) {
    int caller = accept4(control->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (caller >= 0) control->callers[control->count++] = caller;
  }
  return killed;
}

void control_end(struct control *control, int code) {
  /* Those who came when the container was about to end. */
  while (control->count < CONTROL_CALLERS && control->listener >= 0) {
    int caller = accept4(control->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (caller < 0) break;
    control->callers[control->count++] = caller;
  }
  for (size_t i = 0; i < control->count; i++) tell(control->callers[i], 'E', code);
}
