#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int fail(struct error *error, int code, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int used = vsnprintf(error->message, sizeof error->message, format, args);
  va_end(args);
  error->code = code;
  if (code != 0 && used >= 0 && (size_t)used < sizeof error->message)
    snprintf(error->message + used, sizeof error->message - (size_t)used, ": %s", strerror(code));
  return -1;
}

static void out_of_memory(void) {
  static const char text[] = "out of memory\n";
  (void)!write(2, text, sizeof text - 1);
  _exit(1);
}

void *must_alloc(size_t size) {
  void *memory = calloc(1, size == 0 ? 1 : size);
  if (!memory) out_of_memory();
  return memory;
}

void *must_realloc(void *old, size_t size) {
  void *memory = realloc(old, size == 0 ? 1 : size);
  if (!memory) out_of_memory();
  return memory;
}

char *must_format(const char *format, ...) {
  va_list args;
  char *text = NULL;
  va_start(args, format);
  if (vasprintf(&text, format, args) < 0) out_of_memory();
  va_end(args);
  return text;
}
