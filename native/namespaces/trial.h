#ifndef TSBUILD_TRIAL_H
#define TSBUILD_TRIAL_H

#include "base/error.h"

/*
 * Mounts what every step needs (an overlay, a tmpfs, /proc) in namespaces of their own, which end with it. Filters of
 * system calls, AppArmor, and a /proc that is masked in part each refuse some of it, and say so only when it is tried.
 */
int try_isolation(struct error *error);

#endif
