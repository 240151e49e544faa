#ifndef TSBUILD_RIGHTS_H
#define TSBUILD_RIGHTS_H

#include <sys/stat.h>

#include "supervise/outcome.h"

/*
 * What somebody may do to files by their owners and modes, as the kernel would see it, who sees root of the namespace in
 * everybody (path_resolution(7)).
 */

enum { MAY_WRITE = 2, MAY_ENTER = 1 };

bool is_in_group(const struct credentials *who, gid_t gid);
/* Puts the owner that is known of what the descriptor is open on into `st`; false where none is known but the one on disk. */
bool find_owner(const struct owners *owners, int fd, struct stat *st);
/* Records an owner: beside the file, or, where it can have no attribute, in memory. */
void record_owner(struct owners *owners, int fd, uid_t uid, gid_t gid);
/* `rights`: a bit mask as in a mode. */
bool may_use(const struct credentials *who, const struct stat *st, mode_t rights);
/* Whether somebody may make something in a directory. */
bool may_add(const struct owners *owners, const struct credentials *who, int directory);
/* Whether somebody may take away what is called `name` there. */
bool may_remove(const struct owners *owners, const struct credentials *who, int directory, const char *name);

#endif
