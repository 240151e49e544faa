#ifndef TSBUILD_OVERLAY_H
#define TSBUILD_OVERLAY_H

#include <stdbool.h>

#include "base/error.h"
#include "base/wire.h"

/* What RootSpec of runtime/types.ts says. */
struct root_spec {
  enum root_kind kind;
  struct strings lowers; /* bottom first */
  const char *upper, *work;
  bool synced; /* ROOT_OVERLAY: what is written there is to be kept, so fsync(2) is obeyed */
  const char *path; /* ROOT_DIRECTORY; ROOT_PLAIN, which has a `work` as well: only to run in, by chroot(2) */
  int64_t latest;   /* ROOT_PLAIN: time of the layer that the step makes */
  uint32_t pid; /* of a process in a container that runs, and when it started: only to run in */
  uint64_t start;
};

void get_root(struct reader *reader, struct root_spec *spec);

/*
 * Mounts the root filesystem in the current mount namespace, which must be private to this process, at a place that
 * belongs to it; an O_PATH descriptor of its root.
 */
int root_mount(const struct root_spec *spec, struct error *error);
/* The merged tree, to read alone: may move the process into a mount namespace of its own. */
int root_view(const struct root_spec *spec, struct error *error);
/* Empties the work directory after the overlay is gone, so that it can be mounted again. */
void clear_work(const char *work);
/* The merged tree of `lowers` at `attach`, writable: what is written goes to a tmpfs that ends with the mount. */
int root_mount_throwaway(const struct strings *lowers, const char *attach, struct error *error);
/* Where on the host root_mount mounts. */
const char *root_attach_path(const struct root_spec *spec);

#endif
