#ifndef TSBUILD_DEFLATE_FILE_H
#define TSBUILD_DEFLATE_FILE_H

/*
 * `tsbuild-helper deflate NAME`: a process that compresses parts of one file, descriptor 3, until its standard input ends. It
 * enters no namespace and touches nothing else. A request is a u64 and three u32, little-endian: where the part begins, how
 * many bytes before it are known, its size, and into which of four slots of the memory at descriptor 4, which has
 * that name, it goes: slots lie
 * 32 MiB apart, and the client sees to it that it has read what was there. The answer is two u32: how many bytes are in the
 * slot, and the checksum of the part. Returns the exit status.
 */
int deflate_file(const char *memory_name);

#endif
