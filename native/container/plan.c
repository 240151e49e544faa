#include "container/plan.h"

#include <errno.h>

static void read_mount(struct reader *reader, struct mount_spec *mount) {
  *mount = (struct mount_spec){.type = get_u8(reader), .source = "", .subpath = "", .upper = "", .work = ""};
  mount->target = get_string(reader);
  switch (mount->type) {
    case MOUNT_TMPFS:
      mount->mode = get_u32(reader);
      mount->size = get_u64(reader);
      mount->flags = get_u32(reader);
      break;
    case MOUNT_DEV:
      mount->size = get_u64(reader);
      break;
    case MOUNT_BIND:
      mount->source = get_string(reader);
      mount->subpath = get_string(reader);
      mount->flags = get_u32(reader);
      mount->recursive = get_u8(reader) != 0;
      break;
    case MOUNT_FILE:
      mount->data = get_bytes(reader);
      mount->mode = get_u32(reader);
      mount->uid = get_u32(reader);
      mount->gid = get_u32(reader);
      mount->flags = get_u32(reader);
      break;
    case MOUNT_LAYERS:
      mount->lowers = get_strings(reader);
      mount->source = get_string(reader);
      mount->upper = get_string(reader);
      mount->work = get_string(reader);
      mount->synced = get_u8(reader) != 0;
      mount->flags = get_u32(reader);
      break;
    case MOUNT_SYSFS:
    case MOUNT_CGROUP:
      mount->flags = get_u32(reader);
      break;
    case MOUNT_PROC:
    case MOUNT_MQUEUE:
    case MOUNT_DEVPTS:
    case MOUNT_MASK:
    case MOUNT_READONLY:
      break;
    default:
      reader->bad = true;
  }
}

/* A count of things that take `least` bytes each, or 0 where the frame is too short for them. */
static size_t get_count(struct reader *reader, size_t least) {
  size_t count = get_u32(reader);
  if (count <= (size_t)(reader->end - reader->at) / least) return count;
  reader->bad = true;
  return 0;
}

static void read_limits(struct reader *reader, struct plan *plan) {
  plan->limit_count = get_count(reader, 20);
  plan->limits = must_alloc(plan->limit_count * sizeof *plan->limits);
  for (size_t i = 0; i < plan->limit_count; i++) {
    struct limit *limit = &plan->limits[i];
    limit->resource = get_u32(reader);
    limit->soft = get_u64(reader);
    limit->hard = get_u64(reader);
  }
}

int plan_read(const struct frame *frame, struct plan *plan, struct error *error) {
  struct reader reader = reader_of(frame);
  get_root(&reader, &plan->root);
  plan->mount_count = get_count(&reader, 6);
  plan->mounts = must_alloc(plan->mount_count * sizeof *plan->mounts);
  for (size_t i = 0; i < plan->mount_count; i++) read_mount(&reader, &plan->mounts[i]);
  plan->argv = get_strings(&reader);
  plan->env = get_strings(&reader);
  plan->cwd = get_string(&reader);
  plan->uid = get_u32(&reader);
  plan->gid = get_u32(&reader);
  plan->group_count = get_count(&reader, 4);
  plan->groups = must_alloc(plan->group_count * sizeof *plan->groups);
  for (size_t i = 0; i < plan->group_count; i++) plan->groups[i] = get_u32(&reader);
  plan->hostname = get_string(&reader);
  plan->umask = get_u32(&reader);
  plan->capabilities = get_u64(&reader);
  plan->flags = get_u32(&reader);
  plan->columns = get_u32(&reader);
  plan->rows = get_u32(&reader);
  plan->seccomp = get_bytes(&reader);
  read_limits(&reader, plan);
  plan->cgroups = get_strings(&reader);
  plan->network = get_string(&reader);
  plan->state = get_string(&reader);
  plan->owners = get_strings(&reader);
  plan->restart = get_u8(&reader);
  plan->most_restarts = get_u32(&reader);
  if (reader_finish(&reader, "run", error) < 0) return -1;
  return plan->argv.count > 0 ? 0 : fail(error, EINVAL, "Cannot run a command without words");
}
