/* A disk with faults, for a program that knows nothing of it: gcc -shared -fPIC -O2 -o disk.so disk.c -ldl

   DISK_FAULT names a file. While it is there, it says what fails below the folder DISK_ROOT, and how:
   an errno and the calls, as in "30 cwstrmu": create, write, sync, truncate, rename, mkdir, unlink.

   DISK_SIGNALS is a list as in "15:20,15:25": before its 20th and its 25th such call, the program gets signal 15. When
   that was, in seconds of the monotonic clock, is added to the file that DISK_SIGNALLED names. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static int is_ours(const char *path) {
    const char *root = getenv("DISK_ROOT");
    return root != NULL && path != NULL && strncmp(path, root, strlen(root)) == 0;
}

static int is_open_on_ours(int fd) {
    char name[64], path[4096];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(name, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_ours(path);
}

/* Send ourselves what is to be sent before this call. */
static void send_signals(void) {
    static int made;
    const char *due = getenv("DISK_SIGNALS"), *told = getenv("DISK_SIGNALLED");
    int at = __sync_add_and_fetch(&made, 1), before = errno;
    for (int number, nth, length; due && sscanf(due, "%d:%d%n", &number, &nth, &length) == 2; due += length + 1) {
        if (nth == at) {
            struct timespec now;
            char line[64];
            clock_gettime(CLOCK_MONOTONIC, &now);
            long fd = syscall(SYS_openat, AT_FDCWD, told, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
            int size = snprintf(line, sizeof line, "%ld.%09ld\n", (long)now.tv_sec, now.tv_nsec);
            syscall(SYS_write, fd, line, size);
            syscall(SYS_close, fd);
            kill(getpid(), number);
        }
        if (due[length] == 0) break;
    }
    errno = before;
}

/* Set errno and give 1 where this kind of call fails now. */
static int fails(char call) {
    char told[64], calls[32] = "";
    int number = 0, before = errno;
    const char *path = getenv("DISK_FAULT");
    send_signals();
    long fd = path == NULL ? -1 : syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        long length = syscall(SYS_read, fd, told, sizeof told - 1);
        syscall(SYS_close, fd);
        told[length > 0 ? length : 0] = 0;
        sscanf(told, "%d %31s", &number, calls);
    }
    errno = before;
    if (strchr(calls, call) == NULL || number == 0) return 0;
    errno = number;
    return 1;
}

#define PLAIN(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define ON_FILE(returns, name, call, given, passed) \
    returns name given { return is_open_on_ours(fd) && fails(call) ? -1 : PLAIN(name) passed; }
#define ON_PATH(returns, name, call, given, passed) \
    returns name given { return is_ours(path) && fails(call) ? -1 : PLAIN(name) passed; }

ON_FILE(ssize_t, write, 'w', (int fd, const void *bytes, size_t count), (fd, bytes, count))
ON_FILE(ssize_t, pwrite64, 'w', (int fd, const void *bytes, size_t count, off64_t at), (fd, bytes, count, at))
ON_FILE(ssize_t, writev, 'w', (int fd, const struct iovec *pieces, int count), (fd, pieces, count))
ON_FILE(int, fsync, 's', (int fd), (fd))
ON_FILE(int, fdatasync, 's', (int fd), (fd))
ON_FILE(int, ftruncate64, 't', (int fd, off64_t length), (fd, length))
ON_FILE(int, ftruncate, 't', (int fd, off_t length), (fd, length))
ON_PATH(int, rename, 'r', (const char *path, const char *to), (path, to))
ON_PATH(int, mkdir, 'm', (const char *path, mode_t mode), (path, mode))
ON_PATH(int, unlink, 'u', (const char *path), (path))
ON_PATH(int, rmdir, 'u', (const char *path), (path))

#define OPENS(name) \
    int name(const char *path, int flags, ...) { \
        va_list more; \
        va_start(more, flags); \
        mode_t mode = va_arg(more, mode_t); \
        va_end(more); \
        if ((flags & (O_CREAT | O_WRONLY | O_RDWR)) && is_ours(path) && fails('c')) return -1; \
        return PLAIN(name)(path, flags, mode); \
    }

OPENS(open)
OPENS(open64)
