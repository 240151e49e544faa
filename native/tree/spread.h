#ifndef TSBUILD_SPREAD_H
#define TSBUILD_SPREAD_H

/*
 * Makes the directory that a layer is unpacked into, or leaves the one that is there; −1 and errno where that fails. Runs in a
 * worker. ext4 puts what is in it apart from what was removed beside it: it does not use an inode again for minutes, and looks
 * at each of them for each new file (fs/ext4/ialloc.c, recently_deleted).
 */
int make_apart(const char *path);

#endif
