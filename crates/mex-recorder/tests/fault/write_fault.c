/* Stands between a program under test and libc (LD_PRELOAD) and, at the n-th change of a file below
 * one folder, does what a failing disk or a kill does. Never part of the product.
 *
 *   FAULT_UNDER   the folder; changes elsewhere are neither counted nor touched
 *   FAULT_AT      which change, from 1; 0 for none
 *   FAULT_DEED    error: that one change fails with EIO
 *                 full:  that change and every later one that needs space fails with ENOSPC
 *                 torn:  that write takes half of its bytes, then as full
 *                 kill:  SIGKILL instead of that change
 *                 half:  half of that write, then SIGKILL
 *   FAULT_WHILE   a file; where it is named, changes count only while it is there
 *   FAULT_COUNT   a file that gets the number of changes at the program's end
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum answer { GO, FAIL, HALF, HALF_AND_DIE };
enum need { SPACE, NO_SPACE };

static atomic_long changes;

static int under(const char *path) {
    const char *folder = getenv("FAULT_UNDER");
    return folder && path && strncmp(path, folder, strlen(folder)) == 0;
}

static int ours(int fd) {
    char link[64], path[PATH_MAX];
    int saved = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    errno = saved;
    if (n < 0) return 0;
    path[n] = 0;
    return under(path);
}

__attribute__((noreturn)) static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

/* Whether the disk is the failing one now. */
static int failing(void) {
    const char *path = getenv("FAULT_WHILE");
    int saved = errno, now = !path || access(path, F_OK) == 0;
    errno = saved;
    return now;
}

static enum answer judge(enum need need) {
    if (!failing()) return GO;
    long now = atomic_fetch_add(&changes, 1) + 1;
    const char *at_text = getenv("FAULT_AT"), *deed = getenv("FAULT_DEED");
    long at = at_text ? atol(at_text) : 0;
    if (at <= 0 || !deed || now < at) return GO;
    int here = now == at;
    if (here && !strcmp(deed, "kill")) die();
    if (here && !strcmp(deed, "half")) return HALF_AND_DIE;
    if (here && !strcmp(deed, "error")) { errno = EIO; return FAIL; }
    if (here && !strcmp(deed, "torn")) return HALF;
    if ((!strcmp(deed, "full") || !strcmp(deed, "torn")) && need == SPACE) { errno = ENOSPC; return FAIL; }
    return GO;
}

/* What is not a write has no half. */
static int fails(enum need need) {
    enum answer answer = judge(need);
    if (answer == HALF_AND_DIE) die();
    return answer == FAIL;
}

ssize_t write(int fd, const void *bytes, size_t n) {
    static ssize_t (*real)(int, const void *, size_t);
    if (!real) real = dlsym(RTLD_NEXT, "write");
    if (!ours(fd)) return real(fd, bytes, n);
    switch (judge(SPACE)) {
    case FAIL: return -1;
    case HALF: return real(fd, bytes, n > 1 ? n / 2 : n);
    case HALF_AND_DIE: real(fd, bytes, n / 2); die();
    default: return real(fd, bytes, n);
    }
}

static ssize_t write_at(ssize_t (*real)(int, const void *, size_t, off64_t), int fd,
                        const void *bytes, size_t n, off64_t at) {
    if (!ours(fd)) return real(fd, bytes, n, at);
    switch (judge(SPACE)) {
    case FAIL: return -1;
    case HALF: return real(fd, bytes, n > 1 ? n / 2 : n, at);
    case HALF_AND_DIE: real(fd, bytes, n / 2, at); die();
    default: return real(fd, bytes, n, at);
    }
}

#define AT(name)                                                                   \
    ssize_t name(int fd, const void *bytes, size_t n, off64_t at) {                \
        static ssize_t (*real)(int, const void *, size_t, off64_t);                \
        if (!real) real = dlsym(RTLD_NEXT, #name);                                 \
        return write_at(real, fd, bytes, n, at);                                   \
    }
AT(pwrite)
AT(pwrite64)

ssize_t writev(int fd, const struct iovec *parts, int n) {
    static ssize_t (*real)(int, const struct iovec *, int);
    if (!real) real = dlsym(RTLD_NEXT, "writev");
    if (ours(fd) && fails(SPACE)) return -1;
    return real(fd, parts, n);
}

ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t n, unsigned flags) {
    static ssize_t (*real)(int, off64_t *, int, off64_t *, size_t, unsigned);
    if (!real) real = dlsym(RTLD_NEXT, "copy_file_range");
    if (ours(to) && fails(SPACE)) return -1;
    return real(from, from_at, to, to_at, n, flags);
}

#define SYNC(name)                                                                 \
    int name(int fd) {                                                             \
        static int (*real)(int);                                                   \
        if (!real) real = dlsym(RTLD_NEXT, #name);                                 \
        return ours(fd) && fails(NO_SPACE) ? -1 : real(fd);                        \
    }
SYNC(fsync)
SYNC(fdatasync)

#define TRUNCATE(name)                                                             \
    int name(int fd, off64_t size) {                                               \
        static int (*real)(int, off64_t);                                          \
        if (!real) real = dlsym(RTLD_NEXT, #name);                                 \
        return ours(fd) && fails(NO_SPACE) ? -1 : real(fd, size);                  \
    }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

/* These two give the error itself. */
#define ALLOCATE(name)                                                             \
    int name(int fd, off64_t from, off64_t size) {                                 \
        static int (*real)(int, off64_t, off64_t);                                 \
        if (!real) real = dlsym(RTLD_NEXT, #name);                                 \
        return ours(fd) && fails(SPACE) ? errno : real(fd, from, size);            \
    }
ALLOCATE(posix_fallocate)
ALLOCATE(posix_fallocate64)

/* Opening changes the folder where it makes a file. */
#define OPEN(name)                                                                 \
    int name(const char *path, int flags, ...) {                                   \
        static int (*real)(const char *, int, ...);                                \
        if (!real) real = dlsym(RTLD_NEXT, #name);                                 \
        va_list more;                                                              \
        va_start(more, flags);                                                     \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;    \
        va_end(more);                                                              \
        if (flags & O_CREAT && under(path)) {                                      \
            int saved = errno, there = access(path, F_OK) == 0;                    \
            errno = saved;                                                         \
            if (!there && fails(SPACE)) return -1;                                 \
        }                                                                          \
        return real(path, flags, mode);                                            \
    }
OPEN(open)
OPEN(open64)

int mkdir(const char *path, mode_t mode) {
    static int (*real)(const char *, mode_t);
    if (!real) real = dlsym(RTLD_NEXT, "mkdir");
    return under(path) && fails(SPACE) ? -1 : real(path, mode);
}

int rename(const char *from, const char *to) {
    static int (*real)(const char *, const char *);
    if (!real) real = dlsym(RTLD_NEXT, "rename");
    return under(to) && fails(NO_SPACE) ? -1 : real(from, to);
}

int unlink(const char *path) {
    static int (*real)(const char *);
    if (!real) real = dlsym(RTLD_NEXT, "unlink");
    return under(path) && fails(NO_SPACE) ? -1 : real(path);
}

__attribute__((destructor)) static void report(void) {
    const char *path = getenv("FAULT_COUNT");
    if (!path) return;
    FILE *file = fopen(path, "w");
    if (!file) return;
    fprintf(file, "%ld\n", atomic_load(&changes));
    fclose(file);
}
