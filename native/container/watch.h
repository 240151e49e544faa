#ifndef TSBUILD_WATCH_H
#define TSBUILD_WATCH_H

#include "container/control.h"
#include "container/journal.h"
#include "container/process.h"
#include "container/report.h"
#include "container/restarts.h"
#include "plain/plain.h"
#include "tree/owners.h"

/* A container as the worker outside sees it. Descriptors are -1 where there is none, or none any more. */
struct run {
  struct lane *lane;
  struct process process;
  int status, signals, root;
  int out, err;
  bool asked; /* the client waits for FRAME_TAKEN */
  bool cancelled, ended, started;
  bool filtered; /* as a container is (container.h) */
  struct owners *owners;  /* NULL where files have those that they are given */
  struct plain *plain;    /* NULL in namespaces */
  bool lost;              /* in a plain tree: the client is gone, and what is left is to clean up */
  bool parting, detached; /* the client asked to go; it is gone, and only the journal tells of what follows */
  uint32_t flags;         /* enum plan_flag */
  struct journal journal;
  struct control control;
  struct restarts restarts;
  int wait_status;
  struct report last; /* REPORT_RUNNING until something else is known */
  struct ending ending; /* how the run before ended */
};

/*
 * Watches what runs until it ended, or what ended until it is to be run again: passes its streams on, and obeys the client
 * and the callers of its socket meanwhile.
 */
void watch(struct run *run);

#endif
