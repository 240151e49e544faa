#include "container/command.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static const char *path_of(const struct plan *plan) {
  for (size_t i = 0; i < plan->env.count; i++)
    if (strncmp(plan->env.items[i], "PATH=", 5) == 0) return plan->env.items[i] + 5;
  return "";
}

static bool is_there(const char *file) {
  struct stat st;
  return stat(file, &st) == 0;
}

/* What a failed execve of `file` means. ENOENT for a file that is there speaks of its interpreter. */
static enum exit_failure explain(const char *file, int code, struct error *error) {
  struct stat st;
  if (code == ENOENT && is_there(file)) {
    fail(error, 0, "Cannot execute '%s': its interpreter, which its first line or its ELF header names, is missing", file);
    return FAILURE_NOT_FOUND;
  }
  if (stat(file, &st) == 0 && S_ISDIR(st.st_mode)) code = EISDIR;
  fail(error, code, "Cannot execute '%s'", file);
  return code == ENOENT || code == ENOTDIR ? FAILURE_NOT_FOUND : FAILURE_NOT_EXECUTABLE;
}

enum exit_failure exec_command(const struct plan *plan, struct error *error) {
  const char *name = plan->argv.items[0];
  char **argv = (char **)plan->argv.items, **env = (char **)plan->env.items;
  if (strchr(name, '/')) {
    execve(name, argv, env);
    return explain(name, errno, error);
  }
  enum exit_failure failure = FAILURE_NOT_FOUND;
  fail(error, 0, "Cannot find '%s' in PATH", name);
  for (const char *at = path_of(plan); *name;) {
    size_t size = strcspn(at, ":");
    char *file = size == 0 ? must_format("./%s", name) : must_format("%.*s/%s", (int)size, at, name);
    execve(file, argv, env);
    int code = errno;
    if (is_there(file)) {
      failure = explain(file, code, error);
      /* As execvp(3): a file without permission does not end the search, one that is broken does. */
      if (code != EACCES) {
        free(file);
        return failure;
      }
    }
    free(file);
    if (at[size] == 0) break;
    at += size + 1;
  }
  return failure;
}
