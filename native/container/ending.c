#include "container/ending.h"

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
