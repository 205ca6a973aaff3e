// The parts of the C library that Swift's own Glibc module leaves out or that need _GNU_SOURCE.
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "pages.h"
#include "sockets.h"
#include "crash.h"
#include "input.h"
#include "network.h"

/// errno is a macro over a function call, which Swift cannot import.
static inline int lintel_errno(void) { return errno; }

/// Whether something can be written without waiting for whoever reads it.
static inline int lintel_takes(int descriptor) {
  struct pollfd one = {.fd = descriptor, .events = POLLOUT};
  return poll(&one, 1, 0) == 1 && (one.revents & POLLOUT);
}

/// open is variadic, which Swift cannot import.
static inline int lintel_open_for_reading(const char *path) { return open(path, O_RDONLY | O_CLOEXEC); }
static inline int lintel_open_for_writing(const char *path, mode_t mode) {
  return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
}

/// Makes the kernel give the calling thread this much of its stack now rather than in the middle of a period.
__attribute__((noinline)) static void lintel_touch_stack(size_t bytes) {
  volatile char room[bytes];
  for (size_t at = 0; at < bytes; at += 1024) room[at] = 0;
}

/// errno in words; the GNU form of strerror_r needs no locale and is safe in threads.
static inline const char *lintel_reason(int code, char *room, size_t count) {
  return strerror_r(code, room, count);
}

/// The name is an array that Swift would import as a tuple of 256 members.
static inline const char *lintel_entry_name(const struct dirent *entry) { return entry->d_name; }

/// SIG_IGN is a macro over a cast.
static inline void lintel_ignore_signal(int number) { signal(number, SIG_IGN); }

/// connect(2) takes a transparent union of pointers under _GNU_SOURCE, which Swift cannot fill.
static inline int lintel_connect_unix(int descriptor, const struct sockaddr_un *address) {
  return connect(descriptor, (const struct sockaddr *)address, sizeof *address);
}

/// Sends one datagram to a Unix socket; a name that begins with @ is of the abstract namespace (sd_notify(3)). It
/// does not wait: whoever reads there may be slow. -1 and errno on failure.
static inline ssize_t lintel_send_datagram(int descriptor, const char *name, const void *bytes, size_t count) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t length = strlen(name);
  if (length == 0 || length >= sizeof address.sun_path) {
    errno = EINVAL;
    return -1;
  }
  memcpy(address.sun_path, name, length);
  if (name[0] == '@') address.sun_path[0] = 0;
  return sendto(descriptor, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT, (const struct sockaddr *)&address,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
}

static inline int lintel_datagram_socket(void) { return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0); }

/// Whether the descriptor is a Unix stream socket that listens, as a service manager passes it.
static inline int lintel_listens_on_unix(int descriptor) {
  int domain = 0, type = 0, listening = 0;
  socklen_t length = sizeof domain;
  if (getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &length) < 0) return 0;
  length = sizeof type;
  if (getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &length) < 0) return 0;
  length = sizeof listening;
  if (getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) < 0) return 0;
  return domain == AF_UNIX && type == SOCK_STREAM && listening;
}

/// fcntl is variadic.
static inline int lintel_close_on_exec(int descriptor) { return fcntl(descriptor, F_SETFD, FD_CLOEXEC); }

/// Numbers of a stat that glibc's macros would hide.
static inline int lintel_is_device_and_inode(int descriptor, uint64_t device, uint64_t inode) {
  struct stat information;
  return fstat(descriptor, &information) == 0 && information.st_dev == device && information.st_ino == inode;
}

/// ioctl is variadic. Leaves both as they are where the terminal does not tell.
static inline void lintel_terminal_size(int descriptor, int *columns, int *rows) {
  struct winsize size;
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return;
  *columns = size.ws_col;
  *rows = size.ws_row;
}

/// The path that a Unix socket is bound to, as text; empty if there is none.
static inline void lintel_socket_path(int descriptor, char *path, size_t count) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  // An unnamed or abstract socket leaves the first byte as zero.
  socklen_t length = sizeof address - 1;
  path[0] = 0;
  if (getsockname(descriptor, (struct sockaddr *)&address, &length) == 0) {
    snprintf(path, count, "%s", address.sun_path);
  }
}

/// The signals that end a program whose terminal goes or that is told to stop.
static inline sigset_t lintel_ending_signals(void) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGHUP);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGQUIT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

/// Holds them back: the descriptor is readable while one of them waits.
static inline int lintel_hold_ending_signals(void) {
  sigset_t signals = lintel_ending_signals();
  sigprocmask(SIG_BLOCK, &signals, NULL);
  return signalfd(-1, &signals, SFD_CLOEXEC);
}

/// Lets them do what they do.
static inline void lintel_release_ending_signals(int descriptor) {
  sigset_t signals = lintel_ending_signals();
  close(descriptor);
  sigprocmask(SIG_UNBLOCK, &signals, NULL);
}

/// Whether the kernel's clock is synchronised: 1 or 0, -1 if it does not say. Asking needs no right.
static inline int lintel_clock_is_kept(void) {
  struct timex state = {0};
  int answer = adjtimex(&state);
  return answer < 0 ? -1 : answer != TIME_ERROR;
}

/// A global variable, which Swift 6 does not let be read.
static inline char **lintel_environment(void) { return environ; }
