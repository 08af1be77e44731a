/*
 * A disk with bad sectors, preloaded into the process under test: reads of the file whose inode MILLWATT_BAD_INODE names fail
 * with EIO where they touch bytes MILLWATT_BAD_FROM to MILLWATT_BAD_TO.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static long number(const char *name) {
  const char *text = getenv(name);
  return text ? atol(text) : -1;
}
static int is_bad(int fd, size_t bytes, off64_t at) {
  struct stat64 stat;
  return at < number("MILLWATT_BAD_TO") && at + (off64_t)bytes > number("MILLWATT_BAD_FROM") &&
         fstat64(fd, &stat) == 0 && (long)stat.st_ino == number("MILLWATT_BAD_INODE");
}
#define READER(name, offset_type)                                                         \
  ssize_t name(int fd, void *data, size_t bytes, offset_type at) {                        \
    static __typeof__(name) *next;                                                        \
    if (!next) next = (__typeof__(name) *)dlsym(RTLD_NEXT, #name);                        \
    if (is_bad(fd, bytes, at)) return errno = EIO, -1;                                    \
    return next(fd, data, bytes, at);                                                     \
  }
READER(pread, off_t)
READER(pread64, off64_t)
