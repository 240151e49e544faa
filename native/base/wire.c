#include "base/wire.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

enum { OUT_SIZE = 256 * 1024, IN_SIZE = 256 * 1024 };

void lane_open(struct lane *lane, int fd) {
  *lane = (struct lane){.fd = fd};
  lane->in_size = IN_SIZE;
  lane->in = must_alloc(lane->in_size);
  lane->out = must_alloc(OUT_SIZE);
}

static void gone(void) {
  _exit(0);
}

static void broken(const char *why) {
  (void)!write(2, why, strlen(why));
  _exit(1);
}

bool lane_next(struct lane *lane, struct frame *frame) {
  size_t held = lane->in_end - lane->in_start;
  size_t wanted = FRAME_HEADER;
  if (held >= FRAME_HEADER) {
    uint32_t size;
    memcpy(&size, lane->in + lane->in_start, 4);
    size = le32toh(size);
    if (size > FRAME_MAX) broken("a frame is longer than the wire format allows\n");
    wanted += size;
    if (held >= wanted) {
      *frame = (struct frame){lane->in[lane->in_start + 4], lane->in + lane->in_start + FRAME_HEADER, size};
      lane->in_start += wanted;
      return true;
    }
  }
  if (lane->in_start > 0) {
    memmove(lane->in, lane->in + lane->in_start, held);
    lane->in_start = 0;
    lane->in_end = held;
  }
  if (wanted > lane->in_size) {
    lane->in_size = wanted;
    lane->in = must_realloc(lane->in, wanted);
  }
  return false;
}

bool lane_try_fill(struct lane *lane) {
  ssize_t got;
  do got = read(lane->fd, lane->in + lane->in_end, lane->in_size - lane->in_end);
  while (got < 0 && errno == EINTR);
  if (got > 0) lane->in_end += (size_t)got;
  return got > 0;
}

void lane_fill(struct lane *lane) {
  if (!lane_try_fill(lane)) gone();
}

void lane_read(struct lane *lane, struct frame *frame) {
  while (!lane_next(lane, frame)) lane_fill(lane);
}

bool lane_cancelled(struct lane *lane) {
  struct pollfd poller = {.fd = lane->fd, .events = POLLIN};
  if (poll(&poller, 1, 0) <= 0) return false;
  if (!lane->stays) lane_fill(lane);
  else if (!lane_try_fill(lane)) return true;
  struct frame frame;
  while (lane_next(lane, &frame))
    if (frame.type == FRAME_CANCEL) return true;
  return false;
}

void lane_flush(struct lane *lane) {
  for (size_t sent = 0; sent < lane->out_end;) {
    ssize_t put = send(lane->fd, lane->out + sent, lane->out_end - sent, MSG_NOSIGNAL);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && !lane->stays) gone();
    if (put < 0) break;
    sent += (size_t)put;
  }
  lane->out_end = 0;
}

static void header(uint8_t *at, enum frame_type type, size_t size) {
  uint32_t length = htole32((uint32_t)size);
  memcpy(at, &length, 4);
  at[4] = (uint8_t)type;
}

void frame_begin(struct lane *lane, enum frame_type type) {
  /* Half the buffer is room for any entry: a path, a link and a capability are far below it. */
  if (lane->out_end > OUT_SIZE / 2) lane_flush(lane);
  lane->frame_start = lane->out_end;
  header(lane->out + lane->out_end, type, 0);
  lane->out_end += FRAME_HEADER;
}

static void put(struct lane *lane, const void *data, size_t size) {
  if (size > OUT_SIZE - lane->out_end) broken("a frame does not fit into the buffer\n");
  if (size > 0) memcpy(lane->out + lane->out_end, data, size);
  lane->out_end += size;
}

void put_u8(struct lane *lane, uint8_t value) {
  put(lane, &value, 1);
}

void put_u32(struct lane *lane, uint32_t value) {
  value = htole32(value);
  put(lane, &value, 4);
}

void put_u64(struct lane *lane, uint64_t value) {
  value = htole64(value);
  put(lane, &value, 8);
}

void put_bytes(struct lane *lane, const void *data, size_t size) {
  put_u32(lane, (uint32_t)size);
  put(lane, data, size);
}

void put_string(struct lane *lane, const char *text) {
  size_t size = strlen(text);
  put_u32(lane, (uint32_t)size);
  put(lane, text, size + 1);
}

void frame_end(struct lane *lane) {
  size_t size = lane->out_end - lane->frame_start - FRAME_HEADER;
  header(lane->out + lane->frame_start, lane->out[lane->frame_start + 4], size);
}

ssize_t frame_from_fd(struct lane *lane, enum frame_type type, int fd, size_t limit) {
  if (lane->out_end + FRAME_HEADER + limit > OUT_SIZE) lane_flush(lane);
  size_t room = OUT_SIZE - lane->out_end - FRAME_HEADER;
  ssize_t got;
  do got = read(fd, lane->out + lane->out_end + FRAME_HEADER, limit < room ? limit : room);
  while (got < 0 && errno == EINTR);
  if (got <= 0) return got;
  header(lane->out + lane->out_end, type, (size_t)got);
  lane->out_end += FRAME_HEADER + (size_t)got;
  return got;
}

void send_empty(struct lane *lane, enum frame_type type) {
  frame_begin(lane, type);
  frame_end(lane);
  lane_flush(lane);
}

void send_error(struct lane *lane, const struct error *error) {
  frame_begin(lane, FRAME_ERROR);
  put_u32(lane, (uint32_t)error->code);
  put_string(lane, error->message);
  frame_end(lane);
  lane_flush(lane);
}
