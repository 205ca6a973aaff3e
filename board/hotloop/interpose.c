// Loaded before everything else (LD_PRELOAD), counts what the audio thread must not do: allocations, locks, and calls
// of the system beyond the sound library's, the wait for it and the wake-up. The thread is known by its name. Also notes when RTP packets leave and arrive, of any thread. The figures lie in the
// file that LINTEL_INTERPOSED names; its reader takes the difference of two moments.
#define _GNU_SOURCE
#include "interpose.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct interposed nowhere, *seen = &nowhere;
static __thread int is_audio __attribute__((tls_model("initial-exec")));
// Where the program's own code is.
static uintptr_t program_begins, program_ends;

static int measure_program(struct dl_phdr_info *info, size_t size, void *unused) {
  (void)size, (void)unused;
  program_begins = UINTPTR_MAX;
  for (int n = 0; n < info->dlpi_phnum; n++) {
    const ElfW(Phdr) *part = &info->dlpi_phdr[n];
    if (part->p_type != PT_LOAD || !(part->p_flags & PF_X)) continue;
    uintptr_t begins = info->dlpi_addr + part->p_vaddr, ends = begins + part->p_memsz;
    if (begins < program_begins) program_begins = begins;
    if (ends > program_ends) program_ends = ends;
  }
  return 1;  // The first is the program; no more.
}

__attribute__((constructor)) static void begin(void) {
  dl_iterate_phdr(measure_program, NULL);
  const char *path = getenv("LINTEL_INTERPOSED");
  int file = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666) : -1;
  if (file < 0 || ftruncate(file, sizeof *seen) < 0) return;
  void *memory = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (memory != MAP_FAILED) seen = memory;
}

static void *next(const char *name) { return dlsym(RTLD_NEXT, name); }

#define NEXT(name) \
  static __typeof__(&name) real; \
  if (!real) real = (__typeof__(&name))next(#name)

// --- Which thread.

int pthread_setname_np(pthread_t thread, const char *name) {
  NEXT(pthread_setname_np);
  if (pthread_equal(thread, pthread_self())) is_audio = strcmp(name, "lintel-audio") == 0;
  return real(thread, name);
}

static void append(char *to, const char *text) {
  size_t used = strlen(to);
  strncpy(to + used, text ? text : "?", CALLER_BYTES - 1 - used);
}

// Counts, and remembers who it was.
static void tally(uint64_t *counter, void *caller) {
  if (!is_audio) return;
  (*counter)++;
  char *name = seen->last_callers[seen->calls++ % CALLERS_MAX];
  Dl_info info = {0};
  dladdr(caller, &info);
  memset(name, 0, CALLER_BYTES);
  const char *slash = info.dli_fname ? strrchr(info.dli_fname, '/') : NULL;
  append(name, slash ? slash + 1 : info.dli_fname);
  append(name, " ");
  append(name, info.dli_sname);
}
#define COUNT(what) tally(&seen->what, __builtin_return_address(0))

// --- Memory. glibc's own names spare dlsym, which allocates.

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void __libc_free(void *);

void *malloc(size_t bytes) {
  COUNT(allocations);
  return __libc_malloc(bytes);
}
void *calloc(size_t count, size_t bytes) {
  COUNT(allocations);
  return __libc_calloc(count, bytes);
}
void *realloc(void *old, size_t bytes) {
  COUNT(allocations);
  return __libc_realloc(old, bytes);
}
void *aligned_alloc(size_t alignment, size_t bytes) {
  COUNT(allocations);
  return __libc_memalign(alignment, bytes);
}
int posix_memalign(void **result, size_t alignment, size_t bytes) {
  COUNT(allocations);
  void *memory = __libc_memalign(alignment, bytes);
  if (!memory) return ENOMEM;
  *result = memory;
  return 0;
}
void free(void *memory) {
  if (memory) COUNT(frees);
  __libc_free(memory);
}

// --- Locks, whether or not they had to wait.

int pthread_mutex_lock(pthread_mutex_t *mutex) {
  NEXT(pthread_mutex_lock);
  COUNT(locks);
  return real(mutex);
}
int pthread_mutex_trylock(pthread_mutex_t *mutex) {
  NEXT(pthread_mutex_trylock);
  COUNT(locks);
  return real(mutex);
}
int pthread_rwlock_rdlock(pthread_rwlock_t *lock) {
  NEXT(pthread_rwlock_rdlock);
  COUNT(locks);
  return real(lock);
}
int pthread_rwlock_wrlock(pthread_rwlock_t *lock) {
  NEXT(pthread_rwlock_wrlock);
  COUNT(locks);
  return real(lock);
}
int pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex) {
  NEXT(pthread_cond_wait);
  COUNT(locks);
  return real(condition, mutex);
}
int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *until) {
  NEXT(pthread_cond_timedwait);
  COUNT(locks);
  return real(condition, mutex, until);
}
int sem_wait(sem_t *semaphore) {
  NEXT(sem_wait);
  COUNT(locks);
  return real(semaphore);
}

// --- Calls of the system. The library's own are not seen here, nor are those that it makes for eventfd_write.

static int is_program(void *caller) {
  return (uintptr_t)caller >= program_begins && (uintptr_t)caller < program_ends;
}
#define SYSTEM \
  if (is_audio && is_program(__builtin_return_address(0))) COUNT(system)

int open(const char *path, int flags, ...) {
  NEXT(open);
  SYSTEM;
  va_list rest;
  va_start(rest, flags);
  mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return real(path, flags, mode);
}
int close(int file) {
  NEXT(close);
  SYSTEM;
  return real(file);
}
ssize_t read(int file, void *bytes, size_t count) {
  NEXT(read);
  SYSTEM;
  return real(file, bytes, count);
}
ssize_t write(int file, const void *bytes, size_t count) {
  NEXT(write);
  SYSTEM;
  return real(file, bytes, count);
}
int ioctl(int file, unsigned long request, ...) {
  NEXT(ioctl);
  SYSTEM;
  va_list rest;
  va_start(rest, request);
  void *argument = va_arg(rest, void *);
  va_end(rest);
  return real(file, request, argument);
}
int access(const char *path, int mode) {
  NEXT(access);
  SYSTEM;
  return real(path, mode);
}
int fstat(int file, struct stat *status) {
  NEXT(fstat);
  SYSTEM;
  return real(file, status);
}
void *mmap(void *place, size_t bytes, int protection, int flags, int file, off_t offset) {
  NEXT(mmap);
  SYSTEM;
  return real(place, bytes, protection, flags, file, offset);
}
int munmap(void *place, size_t bytes) {
  NEXT(munmap);
  SYSTEM;
  return real(place, bytes);
}
int mlockall(int flags) {
  NEXT(mlockall);
  SYSTEM;
  return real(flags);
}
int poll(struct pollfd *files, nfds_t count, int milliseconds) {
  NEXT(poll);
  SYSTEM;
  return real(files, count, milliseconds);
}
int nanosleep(const struct timespec *pause, struct timespec *left) {
  NEXT(nanosleep);
  SYSTEM;
  return real(pause, left);
}
int socket(int domain, int type, int protocol) {
  NEXT(socket);
  SYSTEM;
  return real(domain, type, protocol);
}
int inotify_add_watch(int file, const char *path, uint32_t mask) {
  NEXT(inotify_add_watch);
  SYSTEM;
  return real(file, path, mask);
}

// --- Packets: SRTP leaves the header readable (RFC 3711 §3.1), which is all that is kept.

static void note(int sent, const void *bytes, ssize_t count) {
  const uint8_t *head = bytes;
  // RTP version 2, and no RTCP (RFC 5761 §4).
  if (count < 12 || head[0] >> 6 != 2 || (head[1] & 0x7f) < 96) return;
  struct noted_packet *packet = &seen->packets[seen->packets_noted % PACKETS_MAX];
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  packet->nanoseconds = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
  packet->sent = sent;
  packet->bytes = (uint32_t)count;
  memset(packet->head, 0, sizeof packet->head);
  memcpy(packet->head, head, (size_t)count < sizeof packet->head ? (size_t)count : sizeof packet->head);
  seen->packets_noted++;
}

ssize_t sendmsg(int socket, const struct msghdr *message, int flags) {
  NEXT(sendmsg);
  ssize_t sent = real(socket, message, flags);
  if (message->msg_iovlen > 0) note(1, message->msg_iov[0].iov_base, sent);
  return sent;
}
ssize_t sendto(int socket, const void *bytes, size_t count, int flags, const struct sockaddr *to, socklen_t length) {
  NEXT(sendto);
  ssize_t sent = real(socket, bytes, count, flags, to, length);
  note(1, bytes, sent);
  return sent;
}
int sendmmsg(int socket, struct mmsghdr *messages, unsigned count, int flags) {
  NEXT(sendmmsg);
  int sent = real(socket, messages, count, flags);
  for (int n = 0; n < sent; n++) note(1, messages[n].msg_hdr.msg_iov[0].iov_base, messages[n].msg_len);
  return sent;
}
ssize_t recvmsg(int socket, struct msghdr *message, int flags) {
  NEXT(recvmsg);
  ssize_t received = real(socket, message, flags);
  if (message->msg_iovlen > 0) note(0, message->msg_iov[0].iov_base, received);
  return received;
}
int recvmmsg(int socket, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout) {
  NEXT(recvmmsg);
  int received = real(socket, messages, count, flags, timeout);
  for (int n = 0; n < received; n++) note(0, messages[n].msg_hdr.msg_iov[0].iov_base, messages[n].msg_len);
  return received;
}
