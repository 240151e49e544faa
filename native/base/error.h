#ifndef TSBUILD_ERROR_H
#define TSBUILD_ERROR_H

#include <stdlib.h>
#include <unistd.h>

/* What went wrong: an errno value and a sentence for people, without a full stop. Filled by fail(), untouched on success. */
struct error {
  int code;
  char message[768];
};

/* Fills `error` and returns -1, so that a function can end with `return fail(…)`. A `code` other than 0 adds its text. */
int fail(struct error *error, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

static inline void close_later(const int *fd) {
  if (*fd >= 0) close(*fd);
}

static inline void free_later(void *pointer) {
  free(*(void **)pointer);
}

/* Closes the descriptor, or frees the memory, when the variable goes out of scope. */
#define cleanup_close __attribute__((cleanup(close_later)))
#define cleanup_free __attribute__((cleanup(free_later)))

/* Memory or the end of the process: a worker that has none left has no better answer. */
void *must_alloc(size_t size);
void *must_realloc(void *old, size_t size);
char *must_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
