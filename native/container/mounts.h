#ifndef TSBUILD_MOUNTS_H
#define TSBUILD_MOUNTS_H

#include "container/plan.h"
#include "container/stubs.h"

struct mounter {
  int root;            /* O_PATH: the root filesystem */
  struct stubs *stubs;
  const char *attach;  /* path of the host where the root filesystem is mounted */
  int empty;           /* O_PATH: an empty read-only directory for masks; -1 until one is needed */
  bool userns;
  bool devices; /* nodes of devices can be opened wherever they are; else in /dev alone, where only the usual ones are */
};

/* Carries out one MountSpec. Before pivot_root: /proc and the sources are the host's. */
int mount_one(struct mounter *mounter, const struct mount_spec *spec, struct error *error);

/* Mounts on the place behind an O_PATH descriptor, so that no path is resolved a second time. */
int mount_on(int target, const char *source, const char *type, unsigned long flags, const char *options);
/* Binds one descriptor on another; 0 or -1 with errno. */
int bind_on(int source, int target, bool recursive);
/* Changes the flags of the mount whose root is at `path` in the root filesystem. */
int restrict_mount(int root, const char *path, uint32_t flags, bool recursive);
/* Binds `source` on the target and restricts it; the target is made as what the source is. */
int bind_source(struct mounter *mounter, int source, const struct mount_spec *spec, bool recursive,
                struct error *error);
/* The target of a mount, made where it is missing. */
int open_target(struct mounter *mounter, const char *path, bool directory, struct error *error);

#endif
