#include "container/ending.h"

#include <sys/wait.h>

struct ending ending_of(const struct report *last, int wait_status) {
  if (last->kind == REPORT_UNRUN)
    return (struct ending){last->value == FAILURE_NOT_FOUND ? 127 : 126, 0, last->value, false, last->error.message};
  int status = last->kind == REPORT_ENDED ? last->value : wait_status;
  int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return (struct ending){number ? 128 + number : WEXITSTATUS(status), number, FAILURE_NONE, false, ""};
}

void send_ending(struct lane *lane, const struct ending *ending) {
  frame_begin(lane, FRAME_EXIT);
  put_u32(lane, (uint32_t)ending->code);
  put_u32(lane, (uint32_t)ending->signal);
  put_u8(lane, (uint8_t)ending->failure);
  put_u8(lane, ending->out_of_memory);
  put_string(lane, ending->message);
  frame_end(lane);
  lane_flush(lane);
}
