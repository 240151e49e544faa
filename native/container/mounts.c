#include "container/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "container/cgroups.h"
#include "container/devices.h"
#include "tree/resolve.h"
#include "container/restrict.h"
#include "container/sources.h"
#include "base/sys.h"

int mount_on(int target, const char *source, const char *type, unsigned long flags, const char *options) {
  char link[32];
  snprintf(link, sizeof link, "/proc/self/fd/%d", target);
  return mount(source, link, type, flags, options);
}

int bind_on(int source, int target, bool recursive) {
  char link[32];
  snprintf(link, sizeof link, "/proc/self/fd/%d", source);
  return mount_on(target, link, NULL, MS_BIND | (recursive ? MS_REC : 0), NULL);
}

static unsigned long kernel_flags(uint32_t flags) {
  return (flags & FLAG_READONLY ? MS_RDONLY : 0) | (flags & FLAG_NOSUID ? MS_NOSUID : 0) |
         (flags & FLAG_NODEV ? MS_NODEV : 0) | (flags & FLAG_NOEXEC ? MS_NOEXEC : 0);
}

int restrict_mount(int root, const char *path, uint32_t flags, bool recursive) {
  if (flags == 0) return 0;
  cleanup_close int fd = open_in_root(root, path, O_PATH);
  if (fd < 0) return -1;
  return restrict_mounts(fd, kernel_flags(flags), recursive);
}

int open_target(struct mounter *mounter, const char *path, bool directory, struct error *error) {
  struct missing missing = {directory, 0, 0, mounter->stubs};
  return make_in_root(mounter->root, path, &missing, error);
}

static int mount_type_on(struct mounter *mounter, const char *path, const char *type, unsigned long flags,
                         const char *options, struct error *error) {
  cleanup_close int target = open_target(mounter, path, true, error);
  if (target < 0) return -1;
  if (mount_on(target, type, type, flags, options) == 0) return 0;
  return fail(error, errno, "Cannot mount %s on '%s'", type, path);
}

static int mount_tmpfs(struct mounter *mounter, const struct mount_spec *spec, struct error *error) {
  char options[64];
  int used = snprintf(options, sizeof options, "mode=%o", spec->mode);
  if (spec->size > 0) snprintf(options + used, sizeof options - (size_t)used, ",size=%llu", (unsigned long long)spec->size);
  return mount_type_on(mounter, spec->target, "tmpfs", kernel_flags(spec->flags), options, error);
}

int bind_source(struct mounter *mounter, int source, const struct mount_spec *spec, bool recursive,
                struct error *error) {
  struct stat st;
  if (fstat(source, &st) < 0) return fail(error, errno, "Cannot look at the source of '%s'", spec->target);
  cleanup_close int target = open_target(mounter, spec->target, S_ISDIR(st.st_mode), error);
  if (target < 0) return -1;
  if (bind_on(source, target, recursive) < 0) return fail(error, errno, "Cannot bind on '%s'", spec->target);
  if (restrict_mount(mounter->root, spec->target, spec->flags, recursive) < 0)
    return fail(error, errno, "Cannot restrict the mount on '%s'", spec->target);
  return 0;
}

static int mount_bind(struct mounter *mounter, const struct mount_spec *spec, struct error *error) {
  cleanup_close int source = open(spec->source, O_PATH | O_CLOEXEC);
  if (source < 0) return fail(error, errno, "Cannot open mount source '%s'", spec->source);
  if (spec->subpath[0] == 0) return bind_source(mounter, source, spec, spec->recursive, error);
  /* What lies below was written by earlier steps: resolved as in a root, and bound by descriptor (CVE-2024-23651). */
  cleanup_close int inner = open_in_root(source, spec->subpath, O_PATH);
  if (inner < 0) return fail(error, errno, "Cannot open '%s' in mount source '%s'", spec->subpath, spec->source);
  return bind_source(mounter, inner, spec, spec->recursive, error);
}

static int mount_sysfs(struct mounter *mounter, const struct mount_spec *spec, struct error *error) {
  cleanup_close int target = open_target(mounter, spec->target, true, error);
  if (target < 0) return -1;
  if (mount_on(target, "sysfs", "sysfs", kernel_flags(spec->flags), NULL) == 0) return 0;
  /* sysfs belongs to the network namespace: with the host's, a user namespace may only show the host's mount of it. */
  cleanup_close int host = open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (host < 0 || bind_on(host, target, true) < 0 ||
      restrict_mount(mounter->root, spec->target, spec->flags, true) < 0)
    return fail(error, errno, "Cannot mount sysfs on '%s'", spec->target);
  return 0;
}

static int mount_mask(struct mounter *mounter, const struct mount_spec *spec, struct error *error) {
  cleanup_close int target = open_in_root(mounter->root, spec->target, O_PATH);
  struct stat st;
  if (target < 0 && (errno == ENOENT || errno == ENOTDIR)) return 0;
  if (target < 0 || fstat(target, &st) < 0) return fail(error, errno, "Cannot open '%s'", spec->target);
  if (!S_ISDIR(st.st_mode)) {
    /* The host's own null device, checked: never one that an image brings (CVE-2025-31133). */
    cleanup_close int null = open("/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (null < 0 || fstat(null, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
      return fail(error, ENODEV, "Cannot mask '%s': the host's /dev/null is not the null device", spec->target);
    /* Read-only: it is the host's, whose mode nobody changes. */
    if (bind_on(null, target, false) < 0 || restrict_mount(mounter->root, spec->target, FLAG_READONLY, false) < 0)
      return fail(error, errno, "Cannot mask '%s'", spec->target);
    return 0;
  }
  if (mounter->empty >= 0) {
    if (bind_on(mounter->empty, target, false) < 0) return fail(error, errno, "Cannot mask '%s'", spec->target);
    return 0;
  }
  if (mount_on(target, "tmpfs", "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=755,size=4k") < 0)
    return fail(error, errno, "Cannot mask '%s'", spec->target);
  mounter->empty = open_in_root(mounter->root, spec->target, O_PATH | O_DIRECTORY);
  return 0;
}

static int mount_readonly(struct mounter *mounter, const struct mount_spec *spec, struct error *error) {
  cleanup_close int target = open_in_root(mounter->root, spec->target, O_PATH);
  if (target < 0 && (errno == ENOENT || errno == ENOTDIR)) return 0;
  if (target < 0 || bind_on(target, target, true) < 0 ||
      restrict_mount(mounter->root, spec->target, FLAG_READONLY, true) < 0)
    return fail(error, errno, "Cannot make '%s' read-only", spec->target);
  return 0;
}

int mount_one(struct mounter *mounter, const struct mount_spec *wanted, struct error *error) {
  struct mount_spec restricted = *wanted;
  const struct mount_spec *spec = &restricted;
  if (!mounter->devices) restricted.flags |= FLAG_NODEV;
  unsigned long plain = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  switch (spec->type) {
    case MOUNT_PROC: return mount_type_on(mounter, spec->target, "proc", plain, NULL, error);
    case MOUNT_SYSFS: return mount_sysfs(mounter, spec, error);
    case MOUNT_TMPFS: return mount_tmpfs(mounter, spec, error);
    case MOUNT_MQUEUE: return mount_type_on(mounter, spec->target, "mqueue", plain, NULL, error);
    case MOUNT_DEVPTS: return mount_devpts(mounter, spec->target, error);
    case MOUNT_DEV: return mount_dev(mounter, spec, error);
    case MOUNT_CGROUP: return mount_cgroups(mounter, spec, kernel_flags(spec->flags), error);
    case MOUNT_BIND: return mount_bind(mounter, spec, error);
    case MOUNT_FILE: return mount_file(mounter, spec, error);
    case MOUNT_LAYERS: return mount_layers(mounter, spec, error);
    case MOUNT_MASK: return mount_mask(mounter, spec, error);
    case MOUNT_READONLY: return mount_readonly(mounter, spec, error);
  }
  return fail(error, EINVAL, "Cannot mount on '%s': unknown kind", spec->target);
}
