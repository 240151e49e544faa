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

/* The attribute's name: steps do not see it. */
extern const char OWNER_ATTRIBUTE[];

/* Nothing is noted; NULL and an error where there is no memory. */
struct owners *owners_new(struct error *error);
/* Notes one; what has no room is root's. */
void owners_note(struct owners *owners, const struct stat *st, uid_t uid, gid_t gid);
/* The same by the number that a file has in the upper directory. */
void owners_note_above(struct owners *owners, ino_t inode, uid_t uid, gid_t gid);
/* Whose root filesystem shows this device: what is noted of others is in no layer. */
void owners_begin(struct owners *owners, dev_t device);
/* Puts the noted owner into `st`; false where none is noted. */
bool owners_find(const struct owners *owners, struct stat *st);
/* Some process has another root directory from now on: paths that begin at it lead elsewhere. */
void owners_change_root(struct owners *owners);
/* The owner of what is at a path. UNSEEN: one look at it cannot tell, as somebody has another root directory. */
enum look { UNSEEN, ROOTS, ANOTHERS };
/* For ANOTHERS `st` is what stat(2) should say. */
enum look owners_look(const struct owners *owners, const char *path, bool follow, struct stat *st);
/* True where nothing is noted. */
bool owners_empty(const struct owners *owners);
/* Writes all that is noted into the file `BESIDE.owners`, and reads what such a file says. */
int owners_save(const struct owners *owners, const char *beside, struct error *error);
/*
 * Notes the same under the numbers that files have in the upper directory of an overlay, which is mounted at `root`: one
 * that was copied up shows the number that it had below, as long as the kernel remembers that.
 */
void owners_settle(struct owners *owners, int root, const char *upper);
struct owners *owners_read(const void *data, size_t size, struct error *error);

/* Records the owner of what the descriptor, which may be O_PATH, is open on; 0, or -1 with errno. */
int owner_record(int fd, uid_t uid, gid_t gid);
/* Puts the recorded owner of `name` in `directory` into `st`; "" is the directory itself. False where none is recorded. */
bool owner_find(int directory, const char *name, struct stat *st);

#endif
