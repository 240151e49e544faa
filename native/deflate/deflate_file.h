#ifndef TSBUILD_DEFLATE_FILE_H
#define TSBUILD_DEFLATE_FILE_H

/*
 * `tsbuild-helper deflate`: a process that compresses parts of one file, descriptor 3, until its standard input ends. It
 * enters no namespace and touches nothing else. A request is a u64 and two u32, little-endian: where the part begins, how
 * many bytes before it are known, and its size. The answer is a u32 and as many bytes. Returns the exit status.
 */
int deflate_file(void);

#endif
