/* A file layer for tests: it notes what a process does to the files of one folder, and kills it at one of these steps.

Preload it. It takes the place of the calls of the C library that change files. `disk_watch` names the folder and the
descriptor for the notes; `disk_kill` says at which step the process dies, and whether half of a write still happens.
A note is: kind (1 byte), length of the path, offset, length of the data (8 bytes each), the path, the data. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char folder[PATH_MAX];
static int notes = -1;
static long step, dies_at = -1;
static int dies_halfway;
static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;

void disk_watch(const char *path, int descriptor)
{
    snprintf(folder, sizeof folder, "%s/", path);
    notes = descriptor;
    step = 0;
}

void disk_kill(long at, int halfway)
{
    dies_at = at;
    dies_halfway = halfway;
}

long disk_steps(void)
{
    return step;
}

static void whole(const void *data, size_t size)
{
    while (size) {
        ssize_t n = syscall(SYS_write, notes, data, size);
        if (n <= 0)
            return;
        data = (const char *)data + n;
        size -= n;
    }
}

static void note(char kind, const char *path, uint64_t at, const void *data, uint64_t size)
{
    if (notes < 0)
        return;
    uint64_t head[3] = {strlen(path), at, size};
    pthread_mutex_lock(&one);
    whole(&kind, 1);
    whole(head, sizeof head);
    whole(path, head[0]);
    whole(data, size);
    pthread_mutex_unlock(&one);
}

void disk_mark(const char *text)
{
    note('m', text, 0, "", 0);
}

static int is_ours(const char *path)
{
    return *folder && !strncmp(path, folder, strlen(folder)) && !strstr(path, "-shm");
}

static int path_of(int descriptor, char *path)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t n = readlink(link, path, PATH_MAX - 1);
    path[n > 0 ? n : 0] = 0;
    return n > 0 && is_ours(path);
}

/* 1: this is the step at which the process dies. */
static int counted(void)
{
    return __atomic_fetch_add(&step, 1, __ATOMIC_SEQ_CST) == dies_at;
}

static void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

static ssize_t written(int descriptor, const void *data, size_t size, off_t at, int is_at)
{
    char path[PATH_MAX];
    if (path_of(descriptor, path)) {
        off_t where = is_at ? at : lseek(descriptor, 0, SEEK_CUR);
        if (counted()) {
            if (dies_halfway)
                syscall(SYS_pwrite64, descriptor, data, size / 2, where);
            die();
        }
        note('w', path, where, data, size);
    }
    return is_at ? syscall(SYS_pwrite64, descriptor, data, size, at) : syscall(SYS_write, descriptor, data, size);
}

ssize_t write(int descriptor, const void *data, size_t size)
{
    return written(descriptor, data, size, 0, 0);
}

ssize_t pwrite(int descriptor, const void *data, size_t size, off_t at)
{
    return written(descriptor, data, size, at, 1);
}

ssize_t pwrite64(int descriptor, const void *data, size_t size, off_t at)
{
    return written(descriptor, data, size, at, 1);
}

static int synced(int descriptor, long call)
{
    char path[PATH_MAX];
    int is_watched = path_of(descriptor, path);
    struct stat found;
    int is_folder = !fstat(descriptor, &found) && S_ISDIR(found.st_mode);
    if (is_watched && counted())
        die();
    int result = syscall(call, descriptor);
    if (is_watched && !result)
        note(is_folder ? 'd' : 's', path, 0, "", 0);
    return result;
}

int fsync(int descriptor)
{
    return synced(descriptor, SYS_fsync);
}

int fdatasync(int descriptor)
{
    return synced(descriptor, SYS_fdatasync);
}

static int cut(int descriptor, off_t size)
{
    char path[PATH_MAX];
    if (path_of(descriptor, path)) {
        if (counted())
            die();
        note('t', path, size, "", 0);
    }
    return syscall(SYS_ftruncate, descriptor, size);
}

int ftruncate(int descriptor, off_t size)
{
    return cut(descriptor, size);
}

int ftruncate64(int descriptor, off_t size)
{
    return cut(descriptor, size);
}

int unlink(const char *path)
{
    if (is_ours(path)) {
        if (counted())
            die();
        note('u', path, 0, "", 0);
    }
    return syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int rename(const char *from, const char *to)
{
    if (is_ours(to)) {
        if (counted())
            die();
        note('r', from, 0, to, strlen(to));
    }
    return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

static int opened(const char *path, int flags, mode_t mode)
{
    struct stat found;
    if ((flags & O_CREAT) && is_ours(path) && stat(path, &found)) {
        if (counted())
            die();
        note('c', path, 0, "", 0);
    } else if ((flags & O_TRUNC) && is_ours(path)) {
        if (counted())
            die();
        note('t', path, 0, "", 0);
    }
    return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(more, mode_t) : 0;
    va_end(more);
    return opened(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(more, mode_t) : 0;
    va_end(more);
    return opened(path, flags, mode);
}
