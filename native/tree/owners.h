#ifndef TSBUILD_OWNERS_H
#define TSBUILD_OWNERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/error.h"

/*
 * Owners that files cannot have on disk, because a user namespace has a single id: recorded as an xattr of the file, which
 * overlayfs copies up with it. Only regular files and directories can have one (xattr(7)); the owners of what else a step
 * makes are noted by inode number, in memory that it shares with its worker, for the step and its layer.
 */

struct owners;

/* Nothing is noted; NULL and an error where there is no memory. */
struct owners *owners_new(struct error *error);
/* Notes one; what has no room is root's. */
void owners_note(struct owners *owners, ino_t inode, uid_t uid, gid_t gid);
/* Puts the noted owner into `st`; false where none is noted. */
bool owners_find(const struct owners *owners, struct stat *st);
/* Some process has another root directory from now on: paths that begin at it lead elsewhere. */
void owners_change_root(struct owners *owners);
/* True where one look at a path is enough to know that it has no owner but root: no other root directory, nothing noted. */
bool owners_none_at(const struct owners *owners, const char *path, bool follow);
/* Writes all that is noted into the file `BESIDE.owners`, and reads what such a file says. */
int owners_save(const struct owners *owners, const char *beside, struct error *error);
struct owners *owners_read(const void *data, size_t size);

/* Records the owner of what the descriptor, which may be O_PATH, is open on; 0, or -1 with errno. */
int owner_record(int fd, uid_t uid, gid_t gid);
/* Puts the recorded owner of `name` in `directory` into `st`; "" is the directory itself. False where none is recorded. */
bool owner_find(int directory, const char *name, struct stat *st);

#endif
