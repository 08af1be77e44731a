/*
 * A disk that fails on demand, preloaded into the process under test. Calls on files below the folder that
 * MILLWATT_FAULT_FOLDER names are counted; the n-th fails, or all from the n-th on. It is told what to do by access(2):
 *   /.millwatt-fault/arm/<n>/<errno>/<once|ever>   errno 0: a short write
 *   /.millwatt-fault/off                           no call fails any more
 *   /.millwatt-fault/hit                           exists when a call failed since it was armed
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long countdown = 0;
static int failure = 0, ever = 0, armed = 0, hit = 0;
#define NEXT(name) static __typeof__(name) *next; if (!next) next = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

static int ours(const char *path) {
  const char *folder = getenv("MILLWATT_FAULT_FOLDER");
  return folder && path && strncmp(path, folder, strlen(folder)) == 0;
}
static int ours_fd(int fd) {
  char link[64], path[512];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  /* The index of a write-ahead log in shared memory is no disk. */
  return ours(path) && !strstr(path, "-shm");
}
/* 0: go on; 1: fail with errno set; 2: write half. */
static int fails(void) {
  if (!armed) return 0;
  if (--countdown > 0) return 0;
  if (countdown < 0 && !ever) return 0;
  hit = 1;
  if (failure == 0) return 2;
  errno = failure;
  return 1;
}
int access(const char *path, int mode) {
  NEXT(access);
  if (strncmp(path, "/.millwatt-fault/", 17) != 0) return next(path, mode);
  const char *word = path + 17;
  char kind[8] = "";
  if (sscanf(word, "arm/%ld/%d/%7s", &countdown, &failure, kind) == 3) {
    ever = strcmp(kind, "ever") == 0;
    armed = 1;
    hit = 0;
    return 0;
  }
  if (strcmp(word, "off") == 0) { armed = 0; return 0; }
  if (strcmp(word, "hit") == 0 && hit) return 0;
  errno = ENOENT;
  return -1;
}
#define WRITER(name, offset_type)                                                   \
  ssize_t name(int fd, const void *data, size_t bytes, offset_type at) {            \
    NEXT(name);                                                                     \
    int fate = armed && ours_fd(fd) ? fails() : 0;                                  \
    return fate == 1 ? -1 : next(fd, data, fate == 2 ? (bytes + 1) / 2 : bytes, at); \
  }
WRITER(pwrite, off_t)
WRITER(pwrite64, off64_t)
ssize_t write(int fd, const void *data, size_t bytes) {
  NEXT(write);
  int fate = armed && ours_fd(fd) ? fails() : 0;
  return fate == 1 ? -1 : next(fd, data, fate == 2 ? (bytes + 1) / 2 : bytes);
}
#define CALL(name, parameters, arguments, mine)                    \
  int name parameters {                                            \
    NEXT(name);                                                    \
    if (armed && failure != 0 && (mine) && fails() == 1) return -1; \
    return next arguments;                                         \
  }
CALL(fsync, (int fd), (fd), ours_fd(fd))
CALL(fdatasync, (int fd), (fd), ours_fd(fd))
CALL(ftruncate, (int fd, off_t length), (fd, length), ours_fd(fd))
CALL(ftruncate64, (int fd, off64_t length), (fd, length), ours_fd(fd))
#define OPENER(name)                                                            \
  int name(const char *path, int flags, ...) {                                  \
    NEXT(name);                                                                 \
    va_list rest;                                                               \
    va_start(rest, flags);                                                      \
    int mode = va_arg(rest, int);                                               \
    va_end(rest);                                                               \
    if (armed && failure != 0 && ours(path) && !strstr(path, "-shm") && fails() == 1) return -1; \
    return next(path, flags, mode);                                             \
  }
OPENER(open)
OPENER(open64)
