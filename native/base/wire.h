#ifndef TSBUILD_WIRE_H
#define TSBUILD_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "protocol.h"

/* One end of a socket that carries frames. Whoever finds its other end gone ends the process: nobody waits for an answer. */
struct lane {
  int fd;
  uint8_t *in;
  size_t in_start, in_end, in_size;
  uint8_t *out;
  size_t out_end, frame_start;
  bool stays; /* whoever finds the other end gone has something to clean up: it drops what it has to say, and goes on */
};

struct frame {
  uint8_t type;
  const uint8_t *data;
  size_t size;
};

void lane_open(struct lane *lane, int fd);
/* The next frame, waited for. `data` is good until the next call. */
void lane_read(struct lane *lane, struct frame *frame);
/* The next frame where it is here already: true, or false. */
bool lane_next(struct lane *lane, struct frame *frame);
/* Reads what is there, waiting where nothing is. */
void lane_fill(struct lane *lane);
/* The same, but false where the other end is gone. */
bool lane_try_fill(struct lane *lane);
/* True when the client asked to stop; looks without waiting. */
bool lane_cancelled(struct lane *lane);

/* Frames are gathered in a buffer and sent when it is full, or by lane_flush. */
void frame_begin(struct lane *lane, enum frame_type type);
void put_u8(struct lane *lane, uint8_t value);
void put_u32(struct lane *lane, uint32_t value);
void put_u64(struct lane *lane, uint64_t value);
void put_bytes(struct lane *lane, const void *data, size_t size);
void put_string(struct lane *lane, const char *text);
void frame_end(struct lane *lane);
void lane_flush(struct lane *lane);
/* A frame of what one read(2) of at most `limit` bytes gives; returns what read returned, without a frame where <= 0. */
ssize_t frame_from_fd(struct lane *lane, enum frame_type type, int fd, size_t limit);
void send_empty(struct lane *lane, enum frame_type type);
void send_error(struct lane *lane, const struct error *error);

/* Takes values out of a frame. `bad` is set, for good, by whatever does not fit; then every value is empty. */
struct reader {
  const uint8_t *at, *end;
  bool bad;
};

struct bytes {
  const uint8_t *data;
  size_t size;
};

struct strings {
  size_t count;
  const char **items; /* ends with NULL */
};

struct reader reader_of(const struct frame *frame);
uint8_t get_u8(struct reader *reader);
uint32_t get_u32(struct reader *reader);
uint64_t get_u64(struct reader *reader);
struct bytes get_bytes(struct reader *reader);
/* A string without NUL inside; the wire ends it with NUL, so it needs no copy. */
const char *get_string(struct reader *reader);
struct strings get_strings(struct reader *reader);
/* 0 when all of the frame was taken and nothing was wrong. */
int reader_finish(const struct reader *reader, const char *what, struct error *error);

#endif
