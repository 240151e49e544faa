#include "tree/apply.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "base/files.h"
#include "tree/marks.h"
#include "tree/remove.h"
#include "tree/resolve.h"
#include "tree/spread.h"
#include "container/target.h"
#include "tree/tree.h"
#include "base/userns.h"

struct change {
  enum entry_type type;
  uint32_t mode, uid, gid;
  uint64_t size;
  int64_t mtime;
  const char *path, *link;
  uint32_t major, minor;
};

struct dated {
  char *path;
  int64_t mtime;
};

struct applier {
  struct target target;
  int file; /* the regular file whose bytes come now, or -1 */
  bool mode_differs;
  uint64_t missing;
  struct change change; /* of that file; `path` is its own copy */
  uint8_t *xattrs;      /* of that file, as the frame had them */
  size_t xattrs_size;
  struct dated *directories; /* they get their times when nothing more is put into them */
  size_t directory_count, directory_room;
  char *range_path; /* where the last range came from, kept open */
  int range;
  bool merges; /* what is there is no earlier entry's: directories and other things do not take each other's place */
};

static int set_time(int fd, const char *name, int64_t mtime) {
  struct timespec times[2] = {{.tv_sec = mtime}, {.tv_sec = mtime}};
  return utimensat(fd, name, times, AT_SYMLINK_NOFOLLOW);
}

static int put_xattrs(int fd, struct reader *reader, const struct change *change, struct error *error) {
  for (uint32_t count = get_u32(reader); count > 0 && !reader->bad; count--) {
    const char *name = get_string(reader);
    struct bytes value = get_bytes(reader);
    bool allowed = strcmp(name, "security.capability") == 0 ||
                   (strncmp(name, "user.", 5) == 0 && strncmp(name, "user.overlay.", 13) != 0);
    if (reader->bad || !allowed || fd < 0) return fail(error, EPERM, "Cannot set xattr '%s' of '%s'", name, change->path);
    if (fsetxattr(fd, name, value.data, value.size, 0) < 0)
      return fail(error, errno, "Cannot set xattr '%s' of '%s'", name, change->path);
  }
  return reader_finish(reader, "entry", error);
}

/* Every byte is there. A write takes the capability and the setuid bit away (capabilities(7)), so these come last. */
static int finish_file(struct applier *applier, struct error *error) {
  if (applier->file < 0) return 0;
  const struct change *change = &applier->change;
  int file = applier->file, result = 0;
  struct timespec times[2] = {{.tv_sec = change->mtime}, {.tv_sec = change->mtime}};
  struct reader xattrs = {applier->xattrs, applier->xattrs + applier->xattrs_size, false};
  if (applier->missing > 0) result = fail(error, EIO, "Cannot write '%s': bytes are missing", change->path);
  else if (put_xattrs(file, &xattrs, change, error) < 0) result = -1;
  else if ((applier->mode_differs && fchmod(file, change->mode) < 0) || futimens(file, times) < 0)
    result = fail(error, errno, "Cannot set mode and time of '%s'", change->path);
  close(file);
  free((char *)change->path);
  free(applier->xattrs);
  applier->file = -1;
  return result;
}

/* Makes room at a name: whatever an earlier entry put there goes. */
static int clear_name(const struct applier *applier, int parent, const char *name, struct error *error) {
  if (unlinkat(parent, name, 0) == 0 || errno == ENOENT) return 0;
  if (!applier->merges) return remove_tree(parent, name, error);
  return fail(error, errno, "Cannot overwrite '%s' with something that is no directory", name);
}

/* Asking a new file what it has costs less than setting it again; ACLs and setgid bits of directories may differ. */
static int dress_new(struct applier *applier, int fd) {
  const struct change *change = &applier->change;
  struct stat st;
  if (fstat(fd, &st) < 0) return -1;
  applier->mode_differs = (st.st_mode & 07777) != change->mode;
  if (st.st_uid == change->uid && st.st_gid == change->gid) return 0;
  return own(fd, "", change->uid, change->gid, AT_EMPTY_PATH);
}

static int put_file(struct applier *applier, int parent, const char *name, struct reader *reader, struct error *error) {
  const struct change *change = &applier->change;
  int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  mode_t mode = change->mode & 0777; /* what is above that a write and chown(2) would take away again */
  int fd = openat(parent, name, flags, mode);
  if (fd < 0 && errno == EEXIST) {
    if (clear_name(applier, parent, name, error) < 0) return -1;
    fd = openat(parent, name, flags, mode);
  }
  if (fd < 0) return fail(error, errno, "Cannot make file '%s'", change->path);
  applier->file = fd;
  applier->missing = change->size;
  applier->change.path = must_format("%s", change->path);
  if (dress_new(applier, fd) < 0)
    return fail(error, errno, "Cannot give '%s' to %u:%u", change->path, change->uid, change->gid);
  applier->xattrs_size = (size_t)(reader->end - reader->at);
  applier->xattrs = must_alloc(applier->xattrs_size);
  memcpy(applier->xattrs, reader->at, applier->xattrs_size);
  return 0;
}

static int put_directory(struct applier *applier, int parent, const char *name, struct reader *reader,
                         struct error *error) {
  const struct change *change = &applier->change;
  struct stat st;
  if (mkdirat(parent, name, 0700) < 0) {
    if (errno != EEXIST || fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
      return fail(error, errno, "Cannot make directory '%s'", change->path);
    if (!S_ISDIR(st.st_mode) && applier->merges)
      return fail(error, ENOTDIR, "Cannot overwrite '%s' with a directory", change->path);
    if (!S_ISDIR(st.st_mode) && (clear_name(applier, parent, name, error) < 0 || mkdirat(parent, name, 0700) < 0))
      return fail(error, errno, "Cannot make directory '%s'", change->path);
  }
  cleanup_close int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 || own(fd, "", change->uid, change->gid, AT_EMPTY_PATH) < 0)
    return fail(error, errno, "Cannot give '%s' to %u:%u", change->path, change->uid, change->gid);
  if (fchmod(fd, change->mode) < 0) return fail(error, errno, "Cannot set the mode of '%s'", change->path);
  if (applier->directory_count == applier->directory_room) {
    applier->directory_room = applier->directory_room * 2 + 64;
    applier->directories = must_realloc(applier->directories, applier->directory_room * sizeof *applier->directories);
  }
  applier->directories[applier->directory_count++] = (struct dated){must_format("%s", change->path), change->mtime};
  return put_xattrs(fd, reader, change, error);
}

static int put_link(struct applier *applier, int parent, const char *name, struct error *error) {
  const struct change *change = &applier->change;
  struct target source = {applier->target.root, NULL, -1};
  const char *source_name;
  int from = target_parent(&source, change->link, &source_name, error);
  if (from < 0) return -1;
  int linked = linkat(from, source_name, parent, name, 0);
  int code = errno;
  target_forget(&source);
  if (linked == 0) return 0;
  if (code == ENOENT)
    return fail(error, code, "Cannot link '%s': '%s' is not in this layer", change->path, change->link);
  return fail(error, code, "Cannot link '%s' to '%s'", change->path, change->link);
}

static int put_node(struct applier *applier, int parent, const char *name, struct error *error) {
  const struct change *change = &applier->change;
  mode_t kind = change->type == ENTRY_FIFO ? S_IFIFO : change->type == ENTRY_BLOCK ? S_IFBLK : S_IFCHR;
  dev_t device = change->type == ENTRY_FIFO ? 0 : makedev(change->major, change->minor);
  if (mknodat(parent, name, kind | 0600, device) == 0) return 0;
  if (errno == EPERM && in_user_namespace())
    return fail(error, 0, "Cannot make device '%s': only root of the host may make device nodes", change->path);
  return fail(error, errno, "Cannot make '%s'", change->path);
}

static int put_entry(struct applier *applier, const struct frame *frame, struct error *error) {
  struct reader reader = reader_of(frame);
  struct change *change = &applier->change;
  *change = (struct change){.type = get_u8(&reader)};
  change->mode = get_u32(&reader) & 07777;
  change->uid = get_u32(&reader);
  change->gid = get_u32(&reader);
  change->size = get_u64(&reader);
  change->mtime = (int64_t)get_u64(&reader);
  change->path = get_string(&reader);
  change->link = get_string(&reader);
  change->major = get_u32(&reader);
  change->minor = get_u32(&reader);
  if (reader.bad || change->type > ENTRY_FIFO) return fail(error, EBADMSG, "Cannot read an entry frame");
  if (change->path[0] == 0 && change->type == ENTRY_DIRECTORY)
    return put_directory(applier, applier->target.root, ".", &reader, error);
  const char *name;
  int parent = target_parent(&applier->target, change->path, &name, error);
  if (parent < 0) return -1;
  if (change->type == ENTRY_FILE) return put_file(applier, parent, name, &reader, error);
  if (change->type == ENTRY_DIRECTORY) return put_directory(applier, parent, name, &reader, error);
  if (clear_name(applier, parent, name, error) < 0) return -1;
  if (change->type == ENTRY_HARDLINK) return put_link(applier, parent, name, error);
  if (change->type != ENTRY_SYMLINK) {
    if (put_node(applier, parent, name, error) < 0) return -1;
  } else if (symlinkat(change->link, parent, name) < 0) {
    return fail(error, errno, "Cannot make symlink '%s'", change->path);
  }
  if (own(parent, name, change->uid, change->gid, AT_SYMLINK_NOFOLLOW) < 0)
    return fail(error, errno, "Cannot give '%s' to %u:%u", change->path, change->uid, change->gid);
  if (change->type != ENTRY_SYMLINK && fchmodat(parent, name, change->mode, 0) < 0)
    return fail(error, errno, "Cannot set the mode of '%s'", change->path);
  if (set_time(parent, name, change->mtime) < 0) return fail(error, errno, "Cannot set the time of '%s'", change->path);
  return put_xattrs(-1, &reader, change, error);
}

static int take_bytes(struct applier *applier, uint64_t size, struct error *error) {
  if (applier->file < 0 || size > applier->missing) return fail(error, EPROTO, "Cannot take bytes that belong to no file");
  applier->missing -= size;
  return 0;
}

static int put_range(struct applier *applier, const struct frame *frame, struct error *error) {
  struct reader reader = reader_of(frame);
  const char *path = get_string(&reader);
  uint64_t offset = get_u64(&reader), size = get_u64(&reader);
  if (reader_finish(&reader, "range", error) < 0 || take_bytes(applier, size, error) < 0) return -1;
  if (!applier->range_path || strcmp(applier->range_path, path) != 0) {
    if (applier->range >= 0) close(applier->range);
    free(applier->range_path);
    applier->range_path = must_format("%s", path);
    applier->range = open(path, O_RDONLY | O_CLOEXEC);
  }
  if (applier->range < 0) return fail(error, errno, "Cannot open '%s'", path);
  if (copy_range(applier->range, (off_t)offset, applier->file, size) == 0) return 0;
  return fail(error, errno, "Cannot write '%s'", applier->change.path);
}

static int put_whiteout(struct applier *applier, const struct frame *frame, struct error *error) {
  struct reader reader = reader_of(frame);
  const char *path = get_string(&reader), *name;
  if (reader_finish(&reader, "whiteout", error) < 0) return -1;
  int parent = target_parent(&applier->target, path, &name, error);
  if (parent < 0 || clear_name(applier, parent, name, error) < 0) return -1;
  return mark_gone(parent, name) == 0 ? 0 : fail(error, errno, "Cannot make the whiteout of '%s'", path);
}

static int put_opaque(struct applier *applier, const struct frame *frame, struct error *error) {
  struct reader reader = reader_of(frame);
  const char *path = get_string(&reader), *name;
  if (reader_finish(&reader, "opaque", error) < 0) return -1;
  int parent = target_parent(&applier->target, path, &name, error);
  if (parent < 0) return -1;
  if (mkdirat(parent, name, 0755) < 0 && errno != EEXIST) return fail(error, errno, "Cannot make directory '%s'", path);
  cleanup_close int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 || mark_opaque(fd) < 0)
    return fail(error, errno, "Cannot make directory '%s' opaque", path);
  return 0;
}

static int date_directories(struct applier *applier, struct error *error) {
  for (size_t i = 0; i < applier->directory_count; i++) {
    const struct dated *directory = &applier->directories[i];
    cleanup_close int fd = open_real(applier->target.root, directory->path, O_RDONLY | O_DIRECTORY);
    /* Something else took its place later in the layer. */
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) continue;
    struct timespec times[2] = {{.tv_sec = directory->mtime}, {.tv_sec = directory->mtime}};
    if (fd < 0 || futimens(fd, times) < 0) return fail(error, errno, "Cannot set the time of '%s'", directory->path);
  }
  return 0;
}

static int put_frame(struct applier *applier, const struct frame *frame, struct error *error) {
  if (frame->type == FRAME_DATA) {
    if (take_bytes(applier, frame->size, error) < 0) return -1;
    if (write_all(applier->file, frame->data, frame->size) == 0) return 0;
    return fail(error, errno, "Cannot write '%s'", applier->change.path);
  }
  if (frame->type == FRAME_RANGE) return put_range(applier, frame, error);
  if (finish_file(applier, error) < 0) return -1;
  switch (frame->type) {
    case FRAME_ENTRY: return put_entry(applier, frame, error);
    case FRAME_WHITEOUT: return put_whiteout(applier, frame, error);
    case FRAME_OPAQUE: return put_opaque(applier, frame, error);
    case FRAME_CANCEL: return fail(error, ECANCELED, "Cannot finish the layer");
    default: return fail(error, EPROTO, "Cannot take frame %u in a layer", frame->type);
  }
}

int apply_into(struct lane *lane, int directory, bool merges, struct error *error) {
  struct applier applier = {.target = {directory, NULL, -1}, .file = -1, .range = -1, .merges = merges};
  umask(0);
  allow_depth();
  struct frame change;
  for (lane_read(lane, &change); change.type != FRAME_END; lane_read(lane, &change))
    if (put_frame(&applier, &change, error) < 0) return -1;
  if (finish_file(&applier, error) < 0 || date_directories(&applier, error) < 0) return -1;
  send_empty(lane, FRAME_DONE);
  return 0;
}

int apply(struct lane *lane, const struct frame *frame, struct error *error) {
  struct reader reader = reader_of(frame);
  const char *path = get_string(&reader);
  if (reader_finish(&reader, "apply", error) < 0) return -1;
  umask(0);
  if (make_apart(path) < 0) return fail(error, errno, "Cannot make '%s'", path);
  int directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  return directory < 0 ? fail(error, errno, "Cannot open '%s'", path) : apply_into(lane, directory, false, error);
}
