/** The numbers of the helper's wire format; native/README.md describes it, native/protocol.h mirrors this file. */

export const FRAME_HEADER = 5;
export const FRAME_MAX = 16 * 1024 * 1024;

export const FRAME = {
  RUN: 1,
  DIFF: 2,
  APPLY: 3,
  LIST: 4,
  COPY: 5,
  REMOVE: 6,
  SYNC: 7,
  NETWORK: 8,
  FETCH: 9,
  PUT: 10,
  STDIN: 16,
  SIGNAL: 17,
  RESIZE: 18,
  CANCEL: 19,
  RELEASE: 20,
  DETACH: 21,
  LEAVE: 22,
  GO: 23,
  ENTRY: 32,
  DATA: 33,
  RANGE: 34,
  WHITEOUT: 35,
  OPAQUE: 36,
  END: 37,
  DONE: 64,
  ERROR: 65,
  STARTED: 66,
  STDOUT: 67,
  STDERR: 68,
  EXIT: 69,
  TAKEN: 70,
  IDLE: 71,
  MADE: 72,
  WASTED: 73,
  MAP: 96,
  MAPPED: 97,
  READY: 98,
  DIED: 99,
} as const;

export const ROOT = { LAYERS: 0, OVERLAY: 1, DIRECTORY: 2, CONTAINER: 3, PLAIN: 4 } as const;

/** In the order of their numbers. */
export const ENTRY_TYPES = [
  "file",
  "directory",
  "symlink",
  "hardlink",
  "character",
  "block",
  "fifo",
] as const;

/** In the order of their numbers. */
export const MOUNT_TYPES = [
  "proc",
  "sysfs",
  "tmpfs",
  "mqueue",
  "devpts",
  "dev",
  "cgroup",
  "bind",
  "file",
  "layers",
  "mask",
  "readonly",
] as const;

export const FLAG = { READONLY: 1, NOSUID: 2, NODEV: 4, NOEXEC: 8 } as const;

export const PLAN = {
  NO_NEW_PRIVILEGES: 1,
  READONLY_ROOT: 2,
  NO_NETWORK: 4,
  INIT: 8,
  TERMINAL: 16,
  STDIN: 32,
  DETACHED: 256,
  REMOVE: 512,
  OWNERS: 1024,
  CHANGES: 2048,
  HOLD: 4096,
  WAIT: 8192,
} as const;

/** In the order of their numbers. */
export const RESTARTS = ["no", "on-failure", "always"] as const;

export const FETCH = { FOLLOW: 1, LOOK: 2 } as const;

/** In the order of their numbers. */
export const FAILURES = [undefined, "not-found", "not-executable"] as const;
