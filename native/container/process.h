#ifndef TSBUILD_PROCESS_H
#define TSBUILD_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/types.h>

/*
 * A container's first process as its worker reaches it: for the frames of the client, and for callers of the container's
 * socket. What is put into its standard input waits here while it does not read.
 */
struct process {
  pid_t pid;      /* 0: there is none now */
  int terminal;   /* the master; -1 where it has no terminal */
  int input;      /* the pipe to its standard input; -1 with a terminal, or when that has ended */
  bool ends;      /* its input does, when all before is written */
  bool killed;    /* by SIGKILL, which somebody asked for */
  bool stopped;   /* somebody asked for its end: it is not run again */
  struct winsize size; /* of the terminal, as it was asked for last */
  uint8_t *pending;
  size_t pending_size, pending_at;
};

/* It runs: `terminal` is its master, or -1. */
void process_began(struct process *process, int terminal);
/* It ended: what was on its way to it is lost. */
void process_ended(struct process *process);
/* 0 or an errno. */
int process_signal(struct process *process, int number);
void process_resize(struct process *process, unsigned columns, unsigned rows);
/* Bytes for its standard input; none: the input ends. What nobody can read any more is dropped. */
void process_feed(struct process *process, const void *data, size_t size);
/* Writes what can be written now; true when nothing is left. */
bool process_pump(struct process *process);

#endif
