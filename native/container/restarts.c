#include "container/restarts.h"

#include <time.h>

enum { FIRST_DELAY = 100, MOST_DELAY = 60 * 1000, GOOD_RUN = 10 * 1000 };

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

void restarts_began(struct restarts *restarts) {
  restarts->since = now();
}

bool restarts_again(struct restarts *restarts, int code) {
  if (restarts->policy == RESTART_NO) return false;
  if (restarts->policy == RESTART_ON_FAILURE && (code == 0 || (restarts->most && restarts->count >= restarts->most))) return false;
  bool first = restarts->delay == 0 || now() - restarts->since >= GOOD_RUN;
  restarts->delay = first ? FIRST_DELAY : 2 * restarts->delay > MOST_DELAY ? MOST_DELAY : 2 * restarts->delay;
  restarts->count++;
  restarts->since = now();
  return true;
}

int restarts_left(const struct restarts *restarts) {
  int64_t left = restarts->since + restarts->delay - now();
  return left > 0 ? (int)left : 0;
}
