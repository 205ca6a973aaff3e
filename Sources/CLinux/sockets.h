// What sockets are asked beside reading and writing.
#pragma once
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/// Bytes of a TCP connection that the kernel has and has not sent yet.
static inline int lintel_tcp_unsent(int descriptor) {
  int bytes = 0;
  return ioctl(descriptor, SIOCOUTQNSD, &bytes) == 0 ? bytes : 0;
}

/// Marks what is sent as voice: DSCP 46 (EF).
static inline void lintel_expedite(int descriptor, int is_v6) {
  int traffic_class = 46 << 2;
  if (is_v6) {
    setsockopt(descriptor, IPPROTO_IPV6, IPV6_TCLASS, &traffic_class, sizeof traffic_class);
  } else {
    setsockopt(descriptor, IPPROTO_IP, IP_TOS, &traffic_class, sizeof traffic_class);
  }
}
