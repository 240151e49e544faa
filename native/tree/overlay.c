#include "tree/overlay.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/sys.h"
#include "base/userns.h"

/* Layers are named by descriptor: short, whatever the path, and free of characters that mount options give a meaning. */
static void name_of(int fd, char name[32]) {
  snprintf(name, 32, "/proc/self/fd/%d", fd);
}

/* What takes the writes; -1 where nothing does. */
struct writes {
  int upper, work;
  bool synced; /* fsync(2) is obeyed */
};

static const struct writes NO_WRITES = {-1, -1, false};

static int configure(int fs, const int *lowers, size_t count, const struct writes *writes) {
  char name[32];
  for (size_t i = count; i-- > 0;) {
    name_of(lowers[i], name);
    if (sys_fsconfig(fs, CONFIG_STRING, "lowerdir+", name) < 0) return -1;
  }
  if (writes->upper >= 0) {
    name_of(writes->upper, name);
    if (sys_fsconfig(fs, CONFIG_STRING, "upperdir", name) < 0) return -1;
    name_of(writes->work, name);
    if (sys_fsconfig(fs, CONFIG_STRING, "workdir", name) < 0) return -1;
    /* An upper directory of a crashed build is thrown away: nothing is gained by syncing it. */
    if (!writes->synced) sys_fsconfig(fs, CONFIG_FLAG, "volatile", NULL);
  }
  if (sys_fsconfig(fs, CONFIG_STRING, "index", "off") < 0) return -1;
  if (in_user_namespace()) {
    if (sys_fsconfig(fs, CONFIG_FLAG, "userxattr", NULL) < 0) return -1;
  } else {
    sys_fsconfig(fs, CONFIG_STRING, "redirect_dir", "off");
    sys_fsconfig(fs, CONFIG_STRING, "metacopy", "off");
  }
  return sys_fsconfig(fs, CONFIG_CREATE, NULL, NULL);
}

/* With the mount API of Linux 6.7 (`lowerdir+`): no limit but overlayfs' own of 500 layers. A detached mount. */
static int mount_new(const int *lowers, size_t count, const struct writes *writes) {
  cleanup_close int fs = sys_fsopen("overlay");
  if (fs < 0 || configure(fs, lowers, count, writes) < 0) return -1;
  return sys_fsmount(fs, 0);
}

/*
 * With mount(2), whose options must fit into a page: a tmpfs with symlinks of one or two characters stands in for the
 * paths. It stays below the overlay.
 */
static int mount_classic(const int *lowers, size_t count, const struct writes *writes, const char *attach) {
  if (mount("tsbuild", attach, "tmpfs", MS_NODEV | MS_NOSUID, "mode=700,size=1m") < 0 || chdir(attach) < 0) return -1;
  char target[32], link[24];
  char *options = must_format("lowerdir=");
  for (size_t i = count; i-- > 0;) {
    name_of(lowers[i], target);
    snprintf(link, sizeof link, "%zu", i);
    if (symlink(target, link) < 0) return -1;
    char *longer = must_format("%s%s%s", options, link, i > 0 ? ":" : "");
    free(options);
    options = longer;
  }
  if (writes->upper >= 0) {
    char work_target[32];
    name_of(writes->upper, target);
    name_of(writes->work, work_target);
    if (symlink(target, "u") < 0 || symlink(work_target, "w") < 0) return -1;
  }
  char *full = must_format("%s%s,index=off%s", options, writes->upper >= 0 ? ",upperdir=u,workdir=w" : "",
                           in_user_namespace() ? ",userxattr" : ",redirect_dir=off,metacopy=off");
  char *fast = must_format("%s,volatile", full);
  int mounted = writes->upper >= 0 && !writes->synced ? mount("overlay", attach, "overlay", 0, fast) : -1;
  /* `volatile` is of Linux 5.10. */
  if (mounted < 0) mounted = mount("overlay", attach, "overlay", 0, full);
  int saved = errno;
  free(full);
  free(fast);
  free(options);
  if (chdir("/") < 0) return -1;
  errno = saved;
  return mounted;
}

static int open_lowers(const struct strings *paths, int *fds, struct error *error) {
  for (size_t i = 0; i < paths->count; i++) {
    fds[i] = open(paths->items[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fds[i] < 0) return fail(error, errno, "Cannot open snapshot '%s'", paths->items[i]);
  }
  return 0;
}

static void close_all(int *fds, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (fds[i] >= 0) close(fds[i]);
  free(fds);
}

/* A descriptor of the overlay. Without `attach` it is detached; -1 where the kernel cannot do that. */
static int overlay(const struct strings *paths, const struct writes *writes, const char *attach, struct error *error) {
  int *fds = must_alloc(paths->count * sizeof *fds);
  memset(fds, -1, paths->count * sizeof *fds);
  int result = open_lowers(paths, fds, error);
  if (result == 0) {
    result = mount_new(fds, paths->count, writes);
    if (result >= 0 && attach && sys_move_mount(result, attach) < 0) {
      close(result);
      result = -1;
    }
    if (result < 0 && attach) {
      result = mount_classic(fds, paths->count, writes, attach);
      if (result == 0) result = open(attach, O_PATH | O_DIRECTORY | O_CLOEXEC);
    }
    if (result < 0) fail(error, errno, "Cannot mount an overlay of %zu layers", paths->count);
  }
  close_all(fds, paths->count);
  return result;
}

static int open_made(const char *path, struct error *error) {
  if (mkdir(path, 0755) < 0 && errno != EEXIST) return fail(error, errno, "Cannot make directory '%s'", path);
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return fd >= 0 ? fd : fail(error, errno, "Cannot open directory '%s'", path);
}

static int bind_mount(const char *path, struct error *error) {
  if (mount(path, path, NULL, MS_BIND, NULL) < 0) return fail(error, errno, "Cannot bind '%s'", path);
  int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  return fd >= 0 ? fd : fail(error, errno, "Cannot open '%s'", path);
}

static bool is_empty(int directory) {
  int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *stream = copy < 0 ? NULL : fdopendir(copy);
  bool empty = stream != NULL;
  for (struct dirent *entry; stream && (entry = readdir(stream));)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) empty = false;
  if (stream) closedir(stream);
  return empty;
}

/* The root directory of a new upper looks like the one below it: overlayfs shows the upper's. */
static int dress_upper(int upper, const char *lower, struct error *error) {
  struct stat st = {.st_mode = 0755, .st_mtim.tv_nsec = UTIME_OMIT, .st_atim.tv_nsec = UTIME_OMIT};
  if (!is_empty(upper)) return 0;
  if (lower && stat(lower, &st) < 0) return fail(error, errno, "Cannot look at snapshot '%s'", lower);
  if (fchown(upper, st.st_uid, st.st_gid) < 0 || fchmod(upper, st.st_mode & 07777) < 0 ||
      futimens(upper, (struct timespec[]){st.st_atim, st.st_mtim}) < 0)
    return fail(error, errno, "Cannot prepare the upper directory");
  return 0;
}

const char *root_attach_path(const struct root_spec *spec) {
  if (spec->kind == ROOT_DIRECTORY) return spec->path;
  if (spec->kind == ROOT_OVERLAY) return spec->upper;
  return spec->lowers.count > 0 ? spec->lowers.items[spec->lowers.count - 1] : "";
}

int root_mount_throwaway(const struct strings *lowers, const char *attach, struct error *error) {
  /* The same layers by descriptor: the tmpfs may cover one of their paths. */
  struct strings held = {lowers->count, must_alloc((lowers->count + 1) * sizeof(char *))};
  int *fds = must_alloc(lowers->count * sizeof *fds);
  memset(fds, -1, lowers->count * sizeof *fds);
  int result = open_lowers(lowers, fds, error);
  for (size_t i = 0; i < lowers->count; i++) held.items[i] = must_format("/proc/self/fd/%d", fds[i]);
  if (result == 0 && mount("tmpfs", attach, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") < 0)
    result = fail(error, errno, "Cannot mount a tmpfs for what is written to mounted layers");
  if (result == 0) {
    char *upper_path = must_format("%s/upper", attach), *work_path = must_format("%s/work", attach);
    cleanup_close int upper = open_made(upper_path, error);
    cleanup_close int work = upper < 0 ? -1 : open_made(work_path, error);
    bool ready = work >= 0 && dress_upper(upper, held.items[held.count - 1], error) == 0;
    result = ready ? overlay(&held, &(struct writes){upper, work, false}, attach, error) : -1;
    free(upper_path);
    free(work_path);
  }
  for (size_t i = 0; i < held.count; i++) free((char *)held.items[i]);
  free(held.items);
  close_all(fds, lowers->count);
  return result;
}

int root_mount(const struct root_spec *spec, struct error *error) {
  const struct strings *lowers = &spec->lowers;
  if (spec->kind == ROOT_DIRECTORY) return bind_mount(spec->path, error);
  const char *highest = lowers->count > 0 ? lowers->items[lowers->count - 1] : NULL;
  if (spec->kind == ROOT_LAYERS) {
    if (!highest) return fail(error, ENOENT, "Cannot mount a root filesystem without layers");
    return lowers->count == 1 ? bind_mount(highest, error) : overlay(lowers, &NO_WRITES, highest, error);
  }
  cleanup_close int upper = open_made(spec->upper, error);
  if (upper < 0 || dress_upper(upper, highest, error) < 0) return -1;
  if (!highest) return bind_mount(spec->upper, error);
  clear_work(spec->work);
  cleanup_close int work = open_made(spec->work, error);
  return work < 0 ? -1 : overlay(lowers, &(struct writes){upper, work, spec->synced}, spec->upper, error);
}

int root_view(const struct root_spec *spec, struct error *error) {
  struct strings layers = spec->lowers;
  if (spec->kind == ROOT_OVERLAY) {
    layers.items = must_alloc((layers.count + 1) * sizeof(char *));
    if (layers.count > 0) memcpy(layers.items, spec->lowers.items, layers.count * sizeof(char *));
    layers.items[layers.count++] = spec->upper;
  }
  if (spec->kind == ROOT_DIRECTORY || layers.count == 1) {
    const char *path = spec->kind == ROOT_DIRECTORY ? spec->path : layers.items[0];
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 ? fd : fail(error, errno, "Cannot open '%s'", path);
  }
  int fd = overlay(&layers, &NO_WRITES, NULL, error);
  if (fd >= 0 || error->code == ENOENT) return fd;
  if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
    return fail(error, errno, "Cannot make a mount namespace");
  return overlay(&layers, &NO_WRITES, layers.items[0], error);
}

void clear_work(const char *work) {
  cleanup_close int fd = open(work, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return;
  unlinkat(fd, "work/incompat/volatile/dirty", 0);
  unlinkat(fd, "work/incompat/volatile", AT_REMOVEDIR);
  unlinkat(fd, "work/incompat", AT_REMOVEDIR);
  unlinkat(fd, "work", AT_REMOVEDIR);
}

void get_root(struct reader *reader, struct root_spec *spec) {
  *spec = (struct root_spec){.kind = get_u8(reader)};
  if (spec->kind == ROOT_CONTAINER) {
    spec->pid = get_u32(reader);
    spec->start = get_u64(reader);
    return;
  }
  if (spec->kind == ROOT_DIRECTORY || spec->kind == ROOT_PLAIN) {
    spec->path = get_string(reader);
    if (spec->kind != ROOT_PLAIN) return;
    spec->work = get_string(reader);
    spec->latest = (int64_t)get_u64(reader);
    return;
  }
  spec->lowers = get_strings(reader);
  if (spec->kind != ROOT_OVERLAY) return;
  spec->upper = get_string(reader);
  spec->work = get_string(reader);
  spec->synced = get_u8(reader) != 0;
}
