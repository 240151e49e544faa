#ifndef TSBUILD_PROTOCOL_H
#define TSBUILD_PROTOCOL_H

/*
 * The numbers of the wire format, which README.md describes and runtime/helper/protocol.ts mirrors;
 * test/runtime/helper/protocol.test.ts holds the three together.
 */

enum { FRAME_HEADER = 5, FRAME_MAX = 16 * 1024 * 1024 };

enum frame_type {
  /* client to helper: the commands, one begins each exchange on a lane */
  FRAME_RUN = 1,
  FRAME_DIFF = 2,
  FRAME_APPLY = 3,
  FRAME_LIST = 4,
  FRAME_COPY = 5,
  FRAME_REMOVE = 6,
  FRAME_SYNC = 7,
  FRAME_NETWORK = 8,
  FRAME_FETCH = 9,
  FRAME_PUT = 10,
  /* client to helper: while a command works */
  FRAME_STDIN = 16,
  FRAME_SIGNAL = 17,
  FRAME_RESIZE = 18,
  FRAME_CANCEL = 19,
  FRAME_RELEASE = 20,
  FRAME_DETACH = 21,
  FRAME_LEAVE = 22,
  FRAME_GO = 23,
  /* both ways: the entries of a layer */
  FRAME_ENTRY = 32,
  FRAME_DATA = 33,
  FRAME_RANGE = 34,
  FRAME_WHITEOUT = 35,
  FRAME_OPAQUE = 36,
  FRAME_END = 37,
  /* helper to client */
  FRAME_DONE = 64,
  FRAME_ERROR = 65,
  FRAME_STARTED = 66,
  FRAME_STDOUT = 67,
  FRAME_STDERR = 68,
  FRAME_EXIT = 69,
  FRAME_TAKEN = 70,
  FRAME_IDLE = 71,
  FRAME_MADE = 72,
  FRAME_WASTED = 73,
  /* on the control pipe */
  FRAME_MAP = 96,
  FRAME_MAPPED = 97,
  FRAME_READY = 98,
  FRAME_DIED = 99
};

enum root_kind { ROOT_LAYERS = 0, ROOT_OVERLAY = 1, ROOT_DIRECTORY = 2, ROOT_CONTAINER = 3, ROOT_PLAIN = 4 };

enum entry_type {
  ENTRY_FILE = 0,
  ENTRY_DIRECTORY = 1,
  ENTRY_SYMLINK = 2,
  ENTRY_HARDLINK = 3,
  ENTRY_CHARACTER = 4,
  ENTRY_BLOCK = 5,
  ENTRY_FIFO = 6
};

enum mount_type {
  MOUNT_PROC = 0,
  MOUNT_SYSFS = 1,
  MOUNT_TMPFS = 2,
  MOUNT_MQUEUE = 3,
  MOUNT_DEVPTS = 4,
  MOUNT_DEV = 5,
  MOUNT_CGROUP = 6,
  MOUNT_BIND = 7,
  MOUNT_FILE = 8,
  MOUNT_LAYERS = 9,
  MOUNT_MASK = 10,
  MOUNT_READONLY = 11
};

enum mount_flag { FLAG_READONLY = 1, FLAG_NOSUID = 2, FLAG_NODEV = 4, FLAG_NOEXEC = 8 };

enum plan_flag {
  PLAN_NO_NEW_PRIVILEGES = 1,
  PLAN_READONLY_ROOT = 2,
  PLAN_NO_NETWORK = 4,
  PLAN_INIT = 8,
  PLAN_TERMINAL = 16,
  PLAN_STDIN = 32,
  PLAN_DETACHED = 256,
  PLAN_REMOVE = 512,
  PLAN_OWNERS = 1024,
  PLAN_CHANGES = 2048,
  PLAN_HOLD = 4096,
  PLAN_WAIT = 8192
};

enum restart_policy { RESTART_NO = 0, RESTART_ON_FAILURE = 1, RESTART_ALWAYS = 2 };

enum fetch_flag { FETCH_FOLLOW = 1, FETCH_LOOK = 2 };

enum exit_failure { FAILURE_NONE = 0, FAILURE_NOT_FOUND = 1, FAILURE_NOT_EXECUTABLE = 2 };

#endif
