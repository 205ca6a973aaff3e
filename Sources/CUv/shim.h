#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <grp.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <uv.h>

/// Fills a socket address from an address of 4 or 16 bytes in network order and a port in host order.
static inline void lintel_sockaddr_set(struct sockaddr_storage *storage, const uint8_t *ip, int count,
                                       uint16_t port) {
  memset(storage, 0, sizeof *storage);
  if (count == 4) {
    struct sockaddr_in *v4 = (struct sockaddr_in *)storage;
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    memcpy(&v4->sin_addr, ip, 4);
  } else {
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)storage;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    memcpy(&v6->sin6_addr, ip, 16);
  }
}

/// Writes the address into `ip` (room for 16 bytes) and answers its byte count: 4, 16, or 0 for neither.
static inline int lintel_sockaddr_get(const struct sockaddr *address, uint8_t *ip, uint16_t *port) {
  if (address->sa_family == AF_INET) {
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
    memcpy(ip, &v4->sin_addr, 4);
    *port = ntohs(v4->sin_port);
    return 4;
  }
  if (address->sa_family == AF_INET6) {
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
    memcpy(ip, &v6->sin6_addr, 16);
    *port = ntohs(v6->sin6_port);
    return 16;
  }
  return 0;
}

/// Fills a Unix socket address; 0 if the path is too long (107 bytes at most).
static inline int lintel_sockaddr_unix(struct sockaddr_un *address, const char *path) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  if (strlen(path) >= sizeof address->sun_path) return 0;
  strcpy(address->sun_path, path);
  return 1;
}

/// A Unix stream socket that does not block; -1 and errno on failure.
static inline int lintel_unix_socket(void) {
  return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/// bind and connect take a transparent union in glibc, which Swift cannot pass.
static inline int lintel_unix_bind(int descriptor, const struct sockaddr_un *address) {
  return bind(descriptor, (const struct sockaddr *)address, sizeof *address);
}

static inline int lintel_unix_connect(int descriptor, const struct sockaddr_un *address) {
  return connect(descriptor, (const struct sockaddr *)address, sizeof *address);
}

/// SIG_IGN is a cast in a macro, which Swift cannot import.
static inline void lintel_ignore_broken_pipes(void) { signal(SIGPIPE, SIG_IGN); }

/// The address inside the union of an interface entry.
static inline const struct sockaddr *lintel_interface_sockaddr(const uv_interface_address_t *entry) {
  return (const struct sockaddr *)&entry->address;
}
