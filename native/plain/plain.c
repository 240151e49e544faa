#include "plain/plain.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "container/descendants.h"
#include "tree/resolve.h"

#ifdef EMULATED
enum { KNOWS_NO_SUBREAPERS = true };
#else
enum { KNOWS_NO_SUBREAPERS = false };
#endif

int plain_open(struct plain *plain, struct lane *lane, const struct plan *plan, struct error *error) {
  struct covers *covers = &plain->covers;
  /* What an earlier run left open. */
  close_later(&covers->aside);
  close_later(&covers->root);
  free(covers->items);
  *covers = (struct covers){.lane = lane, .root = -1, .aside = -1};
  plain->latest = plan->root.latest;
  lane->stays = true;
  if (*plan->network || (plan->flags & (PLAN_NO_NETWORK | PLAN_READONLY_ROOT | PLAN_INIT)))
    return fail(error, EINVAL, "Cannot run a step like this without namespaces");
  /* The step's orphans become this process's children, which ends them. */
  if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 && !KNOWS_NO_SUBREAPERS) return fail(error, errno, "Cannot watch over the step's processes");
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  umask(0);
  if (mkdir(plan->root.work, 0700) < 0 && errno != EEXIST)
    return fail(error, errno, "Cannot make '%s'", plan->root.work);
  covers->aside = open(plan->root.work, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (covers->aside < 0) return fail(error, errno, "Cannot open '%s'", plan->root.work);
  covers->root = open(plan->root.path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (covers->root < 0) return fail(error, errno, "Cannot open '%s'", plan->root.path);
  covers->terminal = plan->flags & PLAN_TERMINAL;
  if (!(plan->flags & PLAN_CHANGES)) return covers_put(covers, plan, error);
  openings_start(&plain->openings);
  plain->before = tree_see(covers->root, covers->aside, &plain->openings, error);
  return plain->before ? covers_put(covers, plan, error) : -1;
}

int plain_output(const struct plain *plain, const char *name, int *ours, int *theirs) {
  cleanup_close int dev = open_in_root(plain->covers.root, "dev", O_RDONLY | O_DIRECTORY);
  if (dev < 0) return -1;
  *ours = openat(dev, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
  *theirs = *ours < 0 ? -1 : openat(dev, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
  return *theirs < 0 ? -1 : 0;
}

int plain_close(struct plain *plain, bool lost, struct error *error) {
  struct error taking = {0, ""};
  if (plain) end_descendants();
  if (plain && !lost) covers_tell(&plain->covers);
  int closed = plain ? covers_take_out(&plain->covers, &taking) : 0;
  if (lost) _exit(1);
  if (plain) plain->covers.lane->stays = false;
  if (closed < 0 && error->message[0] == 0) *error = taking;
  return error->message[0] == 0 ? 0 : -1;
}

int plain_send(struct plain *plain, struct error *error) {
  if (!plain->before) return 0;
  openings_take(&plain->openings);
  return changes_send(plain->covers.lane, plain->covers.root, plain->before, &plain->covers, plain->latest, error);
}

int plain_enter(int root, struct error *error) {
  if (fchdir(root) < 0 || chroot(".") < 0 || chdir("/") < 0)
    return fail(error, errno, "Cannot enter the root filesystem");
  return 0;
}
