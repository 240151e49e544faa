#include "namespaces/trial.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { NAMESPACES = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS };

static int refused(struct error *error, const char *what) {
  return fail(error, errno, "Cannot mount %s in a namespace", what);
}

/* On a tmpfs over /tmp, which only this process sees. */
static int mount_samples(struct error *error) {
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) return refused(error, "privately");
  if (mount("tsbuild", "/tmp", "tmpfs", MS_NODEV | MS_NOSUID, "mode=700") < 0) return refused(error, "a tmpfs");
  static const char *const DIRECTORIES[] = {"/tmp/a", "/tmp/b", "/tmp/c", "/tmp/root", "/tmp/proc"};
  for (size_t i = 0; i < sizeof DIRECTORIES / sizeof *DIRECTORIES; i++)
    if (mkdir(DIRECTORIES[i], 0700) < 0) return refused(error, "a tmpfs");
  if (mount("proc", "/tmp/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0) return refused(error, "proc");
  if (mount("overlay", "/tmp/root", "overlay", 0, "lowerdir=/tmp/a,upperdir=/tmp/b,workdir=/tmp/c,userxattr") < 0)
    return refused(error, "an overlay");
  return 0;
}

static int try_in_child(int answer) {
  struct error error = {0, ""};
  int result = mount_samples(&error);
  if (result < 0) (void)!write(answer, &error, sizeof error);
  return result == 0 ? 0 : 1;
}

int try_isolation(struct error *error) {
  int ends[2], status = 0;
  if (pipe(ends) < 0) return fail(error, errno, "Cannot make a pipe");
  pid_t pid = (pid_t)syscall(SYS_clone, NAMESPACES | SIGCHLD, NULL, NULL, NULL, NULL);
  if (pid == 0) _exit(try_in_child(ends[1]));
  if (pid < 0) fail(error, errno, "Cannot make namespaces");
  close(ends[1]);
  if (pid > 0 && read(ends[0], error, sizeof *error) != sizeof *error) fail(error, 0, "Cannot try namespaces");
  close(ends[0]);
  if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) return -1;
  *error = (struct error){0, ""};
  return 0;
}
