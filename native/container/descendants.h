#ifndef TSBUILD_DESCENDANTS_H
#define TSBUILD_DESCENDANTS_H

/*
 * Ends every process that this one's children left behind, where no pid namespace does it: this process is their
 * subreaper (prctl(2)), so that whatever they did, they are below it.
 */
void end_descendants(void);

#endif
