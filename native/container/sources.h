#ifndef TSBUILD_SOURCES_H
#define TSBUILD_SOURCES_H

#include "container/mounts.h"

/* Mounts whose source has to be made first: mounted somewhere just long enough to be bound from there. */

int mount_file(struct mounter *mounter, const struct mount_spec *spec, struct error *error);
int mount_layers(struct mounter *mounter, const struct mount_spec *spec, struct error *error);

#endif
