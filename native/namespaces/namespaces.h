#ifndef TSBUILD_NAMESPACES_H
#define TSBUILD_NAMESPACES_H

#include "base/wire.h"

/* Makes the helper root of a user namespace; the client at the other end of the control pipe maps the ids. */
int enter_user_namespace(struct lane *control, struct error *error);
/* Makes the helper root of the user namespace at a path, which this user owns. */
int join_user_namespace(const char *path, struct error *error);
/* A mount namespace of the helper's own: what it mounts is seen by nobody and ends with it. */
int enter_mount_namespace(struct error *error);

#endif
