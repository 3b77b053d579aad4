/*
 * Keeps FILE.durable beside each database FILE: the file as of its last fsync or fdatasync.
 *
 * Loaded by LD_PRELOAD into a server that writes with write, pwrite and ftruncate. Writes are put
 * down in order, in memory, and carried out on the shadow when the file is synced. After `kill -9`
 * the shadow is what a disk keeps that loses everything it was not told to keep.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define FILES 8
#define PATH_BYTES 512

struct change {
    struct change *next;
    off_t at;
    ssize_t length; /* -1: the file is cut off at `at` */
    char bytes[];
};

struct file {
    char path[PATH_BYTES];
    int shadow;
    struct change *first, **last;
};

static struct file files[FILES];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Names of the two files that matter; anything else is nobody's business here. */
static int ours(const char *path) {
    size_t n = strlen(path);
    return (n > 3 && !strcmp(path + n - 3, ".db")) || (n > 7 && !strcmp(path + n - 7, ".db-wal"));
}

static struct file *find(int fd) {
    char link[64], path[PATH_BYTES];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 16);
    if (n <= 0) return NULL;
    path[n] = 0;
    if (!ours(path)) return NULL;
    for (int i = 0; i < FILES; i++) {
        struct file *file = &files[i];
        if (!strcmp(file->path, path)) return file;
        if (file->path[0]) continue;
        char shadow[PATH_BYTES + 16];
        snprintf(shadow, sizeof shadow, "%s.durable", path);
        file->shadow = open(shadow, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (file->shadow < 0) abort();
        strcpy(file->path, path);
        file->last = &file->first;
        return file;
    }
    abort();
}

static void note(int fd, const void *bytes, ssize_t length, off_t at) {
    pthread_mutex_lock(&lock);
    struct file *file = find(fd);
    if (file) {
        struct change *change = malloc(sizeof *change + (length > 0 ? length : 0));
        if (!change) abort();
        *change = (struct change){ .at = at, .length = length };
        if (length > 0) memcpy(change->bytes, bytes, length);
        *file->last = change;
        file->last = &change->next;
    }
    pthread_mutex_unlock(&lock);
}

static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_write)(int, const void *, size_t);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);

__attribute__((constructor)) static void begin(void) {
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    real_write = dlsym(RTLD_NEXT, "write");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
}

static void keep(int fd) {
    pthread_mutex_lock(&lock);
    struct file *file = find(fd);
    struct change *change = file ? file->first : NULL;
    while (change) {
        struct change *next = change->next;
        if (change->length < 0) {
            if (real_ftruncate(file->shadow, change->at)) abort();
        } else if (real_pwrite(file->shadow, change->bytes, change->length, change->at) != change->length) {
            abort();
        }
        free(change);
        change = next;
    }
    if (file) {
        file->first = NULL;
        file->last = &file->first;
    }
    pthread_mutex_unlock(&lock);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t at) {
    ssize_t n = real_pwrite(fd, bytes, length, at);
    if (n > 0) note(fd, bytes, n, at);
    return n;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) {
    return pwrite64(fd, bytes, length, at);
}

ssize_t write(int fd, const void *bytes, size_t length) {
    struct stat stat;
    int regular = !fstat(fd, &stat) && S_ISREG(stat.st_mode);
    off_t at = regular ? lseek(fd, 0, SEEK_CUR) : 0;
    ssize_t n = real_write(fd, bytes, length);
    if (n > 0 && regular) note(fd, bytes, n, at);
    return n;
}

int ftruncate64(int fd, off_t length) {
    int done = real_ftruncate(fd, length);
    if (!done) note(fd, NULL, -1, length);
    return done;
}

int ftruncate(int fd, off_t length) {
    return ftruncate64(fd, length);
}

int fsync(int fd) {
    int done = real_fsync(fd);
    if (!done) keep(fd);
    return done;
}

int fdatasync(int fd) {
    int done = real_fdatasync(fd);
    if (!done) keep(fd);
    return done;
}
