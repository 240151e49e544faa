#include "container/sources.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/files.h"
#include "tree/resolve.h"


/* A file with the bytes of `spec` on the tmpfs that is mounted at `where`. */
static int make_file(const char *where, const struct mount_spec *spec) {
  cleanup_close int directory = open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  cleanup_close int file = openat(directory, "file", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0 || write_all(file, spec->data.data, spec->data.size) < 0 || fchown(file, spec->uid, spec->gid) < 0 ||
      fchmod(file, spec->mode) < 0)
    return -1;
  return openat(directory, "file", O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

/*
 * The tmpfs covers the container's root while the file is made and bound. No path is resolved in the root meanwhile: the
 * target is a descriptor already.
 */
int mount_file(struct mounter *mounter, const struct mount_spec *spec, struct error *error) {
  cleanup_close int target = open_target(mounter, spec->target, false, error);
  if (target < 0) return -1;
  if (mount("tmpfs", mounter->attach, "tmpfs", MS_NOSUID | MS_NODEV, "mode=700") < 0)
    return fail(error, errno, "Cannot mount a tmpfs for '%s'", spec->target);
  int file = make_file(mounter->attach, spec);
  int bound = file < 0 ? -1 : bind_on(file, target, false);
  if (bound < 0) fail(error, errno, "Cannot make the file for '%s'", spec->target);
  close_later(&file);
  if (umount2(mounter->attach, MNT_DETACH) < 0 && bound == 0)
    return fail(error, errno, "Cannot unmount the tmpfs for '%s'", spec->target);
  if (bound < 0) return -1;
  if (restrict_mount(mounter->root, spec->target, spec->flags, false) < 0)
    return fail(error, errno, "Cannot restrict the mount on '%s'", spec->target);
  return 0;
}

/* Symlinks in an image lead where they lead in that image (CVE-2024-1753). */
static int open_source(int top, const struct mount_spec *spec, struct error *error) {
  int source = open_in_root(top, spec->source, O_PATH);
  if (source >= 0) return source;
  if (errno != ENOENT || *spec->upper == 0)
    return fail(error, errno, "Cannot open '%s' in the mounted layers", spec->source);
  /* A volume that an image names without having its directory. */
  return make_in_root(top, spec->source, &(struct missing){true, 0, 0, NULL}, error);
}

int mount_layers(struct mounter *mounter, const struct mount_spec *spec, struct error *error) {
  if (spec->lowers.count == 0) return fail(error, ENOENT, "Cannot mount layers on '%s': there are none", spec->target);
  bool kept = *spec->upper != 0;
  struct root_spec root = {.kind = kept ? ROOT_OVERLAY : ROOT_LAYERS, .lowers = spec->lowers,
                           .upper = spec->upper, .work = spec->work, .synced = spec->synced};
  const char *attach = root_attach_path(&root);
  struct stat before;
  if (stat(attach, &before) < 0) return fail(error, errno, "Cannot open snapshot '%s'", attach);
  int top = kept || spec->flags & FLAG_READONLY ? root_mount(&root, error)
                                        : root_mount_throwaway(&spec->lowers, attach, error);
  if (top < 0) return -1;
  cleanup_close int source = open_source(top, spec, error);
  int result = source < 0 ? -1 : bind_source(mounter, source, spec, false, error);
  close(top);
  /* The overlay, and the tmpfs that may lie below it, until what was there before is there again. */
  struct stat now;
  while (umount2(attach, MNT_DETACH | UMOUNT_NOFOLLOW) == 0 && stat(attach, &now) == 0)
    if (now.st_dev == before.st_dev && now.st_ino == before.st_ino) break;
  return result;
}
