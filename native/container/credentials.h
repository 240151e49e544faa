#ifndef TSBUILD_CREDENTIALS_H
#define TSBUILD_CREDENTIALS_H

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Users and groups that processes believe to be (credentials(7)), where the kernel has a single id for them. Which ones a
 * thread has is written into its timer slack: nanoseconds that nobody notices, and the one number of a thread that can
 * be set from outside and that fork(2) and execve(2) hand on.
 */

enum { MAX_GROUPS = 64 };

struct credentials {
  uid_t user[3]; /* real, effective, saved */
  gid_t group[3];
  uint32_t group_count;
  gid_t groups[MAX_GROUPS];
};

struct people;

struct people *people_new(void);
/* Those of the thread `tid`. */
const struct credentials *people_find(const struct people *people, pid_t tid);
/* Answers setuid(2) and its kin; `result` is what the call returns. False for any other call. */
bool people_answer(struct people *people, const struct seccomp_notif *call, int64_t *result);

#endif
