#ifndef TSBUILD_DEVICES_H
#define TSBUILD_DEVICES_H

#include "container/mounts.h"

int mount_devpts(struct mounter *mounter, const char *path, struct error *error);
int mount_dev(struct mounter *mounter, const struct mount_spec *spec, struct error *error);

/* A new terminal of the container's own devpts: its two ends. */
struct terminal {
  int master, slave;
};
int new_terminal(int root, const struct plan *plan, struct terminal *terminal, struct error *error);
/* The same, with the slave bound on /dev/console. */
int open_terminal(struct mounter *mounter, const struct plan *plan, struct terminal *terminal, struct error *error);

#endif
