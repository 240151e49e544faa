#ifndef TSBUILD_DESCENDANTS_H
#define TSBUILD_DESCENDANTS_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Ends every process that this one's children left behind, where no pid namespace does it: this process is their
 * subreaper (prctl(2)), so that whatever they did, they are below it.
 */
void end_descendants(void);

/* The same but for children that are `spared`, and all that comes from them: for what a child left that was killed. */
void end_orphans(const pid_t *spared, size_t count);

#endif
