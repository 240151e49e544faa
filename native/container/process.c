#include "container/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "base/error.h"

/* In a worker, outside the container. */

static void drop(int *fd) {
  close_later(fd);
  *fd = -1;
}

void process_began(struct process *process, int terminal) {
  process->terminal = terminal;
  if (terminal < 0) return;
  fcntl(terminal, F_SETFL, O_RDWR | O_NONBLOCK);
  if (process->size.ws_col) ioctl(terminal, TIOCSWINSZ, &process->size);
}

void process_ended(struct process *process) {
  process->pid = 0;
  drop(&process->terminal);
  drop(&process->input);
  free(process->pending);
  process->pending = NULL;
  process->pending_size = process->pending_at = 0;
}

int process_signal(struct process *process, int number) {
  if (number == SIGKILL) process->killed = true;
  if (number == SIGKILL || number == SIGTERM || number == SIGINT || number == SIGQUIT) process->stopped = true;
  if (process->pid == 0) return ESRCH;
  return kill(process->pid, number) == 0 ? 0 : errno;
}

void process_resize(struct process *process, unsigned columns, unsigned rows) {
  process->size.ws_col = (unsigned short)columns;
  process->size.ws_row = (unsigned short)rows;
  if (process->terminal >= 0) ioctl(process->terminal, TIOCSWINSZ, &process->size);
}

void process_feed(struct process *process, const void *data, size_t size) {
  static const uint8_t end_of_transmission = 4;
  if (size == 0 && process->terminal < 0) {
    process->ends = true;
    return;
  }
  if (size == 0) {
    data = &end_of_transmission;
    size = 1;
  }
  process->pending = must_realloc(process->pending, process->pending_size + size);
  memcpy(process->pending + process->pending_size, data, size);
  process->pending_size += size;
}

bool process_pump(struct process *process) {
  int fd = process->terminal >= 0 ? process->terminal : process->input;
  while (process->pending_at < process->pending_size) {
    size_t left = process->pending_size - process->pending_at;
    ssize_t put = fd < 0 ? -1 : write(fd, process->pending + process->pending_at, left);
    if (put < 0 && fd >= 0 && errno == EINTR) continue;
    if (put < 0 && fd >= 0 && errno == EAGAIN) return false;
    /* Nobody reads it any more: what comes is taken and dropped. */
    if (put < 0) break;
    process->pending_at += (size_t)put;
  }
  process->pending_size = process->pending_at = 0;
  if (process->ends) drop(&process->input);
  return true;
}
