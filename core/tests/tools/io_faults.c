/* Preloaded into the server: fails what it does to its database at one moment, as a bad disk would.
 *
 *   IO_FAULT_AT=N       the N-th write, sync or truncation of a file whose name has "community.db" in it fails …
 *   IO_FAULT_TIMES=M    … and the M-1 after it (1 unless set)
 *   IO_FAULT_ERRNO=E    with this error number (5, EIO, unless set)
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long seen;

static long setting(const char *name, long otherwise) {
  const char *text = getenv(name);
  return text ? atol(text) : otherwise;
}

static int fails(int fd) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  if (!strstr(path, "community.db")) return 0;
  long at = setting("IO_FAULT_AT", 0), number = atomic_fetch_add(&seen, 1) + 1;
  if (!at || number < at || number >= at + setting("IO_FAULT_TIMES", 1)) return 0;
  dprintf(2, "io fault at %ld\n", number);
  errno = (int)setting("IO_FAULT_ERRNO", EIO);
  return 1;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *from, size_t count) { return fails(fd) ? -1 : NEXT(write)(fd, from, count); }
ssize_t pwrite(int fd, const void *from, size_t count, off_t at) { return fails(fd) ? -1 : NEXT(pwrite)(fd, from, count, at); }
ssize_t pwrite64(int fd, const void *from, size_t count, off64_t at) { return fails(fd) ? -1 : NEXT(pwrite64)(fd, from, count, at); }
int fsync(int fd) { return fails(fd) ? -1 : NEXT(fsync)(fd); }
int fdatasync(int fd) { return fails(fd) ? -1 : NEXT(fdatasync)(fd); }
int ftruncate(int fd, off_t length) { return fails(fd) ? -1 : NEXT(ftruncate)(fd, length); }
int ftruncate64(int fd, off64_t length) { return fails(fd) ? -1 : NEXT(ftruncate64)(fd, length); }
