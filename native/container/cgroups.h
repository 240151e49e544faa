#ifndef TSBUILD_CGROUPS_H
#define TSBUILD_CGROUPS_H

#include "container/mounts.h"

/*
 * Shows the control groups of the container, and none above or beside them: each hierarchy that the host has is mounted
 * anew, which in a cgroup namespace begins at its root. What may not be mounted, or is the whole machine's, is hidden. Nothing where the image has no
 * place for it, or the host no control groups.
 */
int mount_cgroups(struct mounter *mounter, const struct mount_spec *spec, unsigned long flags, struct error *error);

#endif
