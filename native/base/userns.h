#ifndef TSBUILD_USERNS_H
#define TSBUILD_USERNS_H

#include <stdbool.h>

/* How user ids look from here, read once from /proc/self/uid_map. */

/* True where root is not the host's: no trusted.* xattrs, no device nodes. */
bool in_user_namespace(void);
/* True where only one user id exists: files of others cannot be made. */
bool has_single_id(void);
/* True where a group id exists here. */
bool has_group(unsigned gid);

#endif
