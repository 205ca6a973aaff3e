// What the kernel tells of links, addresses and routes (rtnetlink(7)), and of sleep.
#pragma once
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/// Hears of every change if `listens`, without waiting; else for questions, whose answers the kernel has at once. -1
/// and errno on failure.
static inline int lintel_netlink_socket(int listens) {
  int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | (listens ? SOCK_NONBLOCK : 0), NETLINK_ROUTE);
  struct sockaddr_nl address = {.nl_family = AF_NETLINK};
  if (listens) {
    address.nl_groups =
        RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
  }
  struct timeval wait = {.tv_sec = 1};
  if (descriptor >= 0 && (setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) < 0 ||
                          bind(descriptor, (struct sockaddr *)&address, sizeof address) < 0)) {
    close(descriptor);
    return -1;
  }
  return descriptor;
}

/// Asks for all there are of one kind: RTM_GETLINK or RTM_GETADDR.
static inline int lintel_netlink_ask(int descriptor, uint16_t type) {
  struct {
    struct nlmsghdr header;
    struct rtgenmsg body;
  } request = {.header = {.nlmsg_len = sizeof request, .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};
  return send(descriptor, &request, sizeof request, 0) == sizeof request ? 0 : -1;
}

/// The count of bytes; 0: they were not the kernel's; -1 and errno, ENOBUFS among them: something was missed.
static inline ssize_t lintel_netlink_receive(int descriptor, void *bytes, size_t count) {
  struct sockaddr_nl source = {0};
  socklen_t length = sizeof source;
  ssize_t received = recvfrom(descriptor, bytes, count, 0, (struct sockaddr *)&source, &length);
  return received >= 0 && source.nl_pid != 0 ? 0 : received;
}

/// The address of ours from which the kernel would send to `ip` (4 or 16 bytes, as `source`); nothing is sent. 0 if
/// there is no way there.
static inline int lintel_source_address(const uint8_t *ip, int count, uint8_t *source) {
  struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(9)};
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(9)};
  struct sockaddr *address = count == 4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
  void *bytes = count == 4 ? (void *)&v4.sin_addr : (void *)&v6.sin6_addr;
  socklen_t length = count == 4 ? sizeof v4 : sizeof v6;
  int descriptor = socket(address->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return 0;
  memcpy(bytes, ip, count);
  int found = connect(descriptor, address, length) == 0 && getsockname(descriptor, address, &length) == 0;
  close(descriptor);
  memcpy(source, bytes, count);
  return found;
}

/// Readable when the wall clock jumps, as it does for the monotonic clock at the end of a sleep (timerfd_create(2),
/// TFD_TIMER_CANCEL_ON_SET).
static inline int lintel_clock_watch(void) {
  int descriptor = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
  struct itimerspec never = {.it_value = {.tv_sec = sizeof(time_t) == 8 ? 1LL << 40 : 0x7FFFFFFF}};
  if (descriptor >= 0 &&
      timerfd_settime(descriptor, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) < 0) {
    close(descriptor);
    return -1;
  }
  return descriptor;
}

/// How long this machine has slept since it was started.
static inline int64_t lintel_slept_milliseconds(void) {
  struct timespec all, awake;
  clock_gettime(CLOCK_MONOTONIC, &awake);
  clock_gettime(CLOCK_BOOTTIME, &all);
  return ((int64_t)all.tv_sec - awake.tv_sec) * 1000 + (all.tv_nsec - awake.tv_nsec) / 1000000;
}
