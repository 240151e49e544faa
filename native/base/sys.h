#ifndef TSBUILD_SYS_H
#define TSBUILD_SYS_H

#include <stdint.h>
#include <sys/types.h>

/*
 * System calls that the oldest C library we build with (glibc 2.31) has no function for. The numbers are the same on
 * x86-64 and arm64, as for every call since Linux 5.1.
 */

enum { RESOLVE_MAGICLINKS_NO = 0x02, RESOLVE_SYMLINKS_NO = 0x04, RESOLVE_BENEATH_ONLY = 0x08, RESOLVE_INSIDE = 0x10 };
enum { SYS_OPENAT2 = 437, SYS_FCHMODAT2 = 452 };
enum { CONFIG_FLAG = 0, CONFIG_STRING = 1, CONFIG_CREATE = 6 };

/* The argument of openat2(2). */
struct how {
  uint64_t flags, mode, resolve;
};
int sys_openat2(int dir, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);
int sys_fsopen(const char *type);
int sys_fsconfig(int fs, unsigned command, const char *key, const char *value);
int sys_fsmount(int fs, unsigned attributes);
/* Attaches the detached mount `from` at a path. */
int sys_move_mount(int from, const char *to);
/* Sets MOUNT_ATTR_* flags on a mount and all below it. */
int sys_mount_setattr_recursive(int mount, uint64_t set);
/* Marks every descriptor from `first` on close-on-exec. */
void close_on_exec_from(int first);
/* Closes every descriptor from `first` on but `kept`. */
void close_from_except(int first, int kept);
/* As fork(2) with flags of clone(2), in a control group of version 2; fails before Linux 5.7. */
pid_t sys_clone_into(uint64_t flags, int group);
int sys_pivot_root(const char *new_root, const char *put_old);
/* Joins a new, anonymous session keyring; 0 too where keyrings are not to be had at all. */
int new_session_keyring(void);

#endif
