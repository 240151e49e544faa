#ifndef TSBUILD_PLAN_H
#define TSBUILD_PLAN_H

#include "tree/overlay.h"

/* RunPlan of runtime/types.ts, as it comes over the wire. Strings point into the frame. */

struct mount_spec {
  enum mount_type type;
  const char *target;
  const char *source;  /* bind: a path of the host; layers: a path in them */
  const char *subpath; /* bind: a path inside `source`, resolved as if that were a root; "" for itself */
  const char *upper, *work; /* layers: directories that take and keep the writes; "" for throwing them away */
  bool synced;         /* fsync(2) is obeyed there */
  uint32_t flags;      /* enum mount_flag */
  uint32_t mode, uid, gid;
  uint64_t size; /* tmpfs: bytes, 0 for the kernel's default; dev: of shm */
  bool recursive;
  struct bytes data;
  struct strings lowers;
};

/* setrlimit(2) */
struct limit {
  uint32_t resource;
  uint64_t soft, hard;
};

struct plan {
  struct root_spec root;
  size_t mount_count;
  struct mount_spec *mounts;
  struct strings argv, env;
  const char *cwd, *hostname;
  uint32_t uid, gid;
  size_t group_count;
  uint32_t *groups;
  uint32_t umask;
  uint64_t capabilities; /* bit n: capability n */
  uint32_t flags;        /* enum plan_flag */
  uint32_t columns, rows;
  struct bytes seccomp; /* struct sock_filter of a filter; empty: none */
  size_t limit_count;
  struct limit *limits;
  struct strings cgroups; /* directories of the host: the groups that all of the container is put into */
  const char *network; /* a file that is a network namespace; "" for none */
  struct strings owners; /* uid:gid:path of what in the root has an owner that it cannot have on disk */
  enum restart_policy restart;
  uint32_t most_restarts; /* 0: any number */
  const char *state;   /* a directory for what is told of the container there; "" for none */
};

int plan_read(const struct frame *frame, struct plan *plan, struct error *error);

#endif
