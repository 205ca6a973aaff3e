// usrsctp as Swift can see it. Its send call takes a structure of structures and answers through errno, which Swift
// reads at the price of the whole C library's module, so sending has a plain function here.
#pragma once
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <usrsctp.h>

/// Tells threads apart.
static inline size_t lintel_usrsctp_thread(void) { return (size_t)pthread_self(); }

/// Hands over one whole message. `retransmissions` below zero means reliable (RFC 3758, RFC 7496 §3.2).
/// Answers 0, EWOULDBLOCK while there is no room for all of it, or another errno.
static inline int lintel_usrsctp_send(
    struct socket *socket, const void *bytes, size_t count, uint16_t stream, uint32_t protocol, int ordered,
    int retransmissions) {
  struct sctp_sendv_spa information = {0};
  information.sendv_flags = SCTP_SEND_SNDINFO_VALID;
  information.sendv_sndinfo.snd_sid = stream;
  information.sendv_sndinfo.snd_ppid = htonl(protocol);
  information.sendv_sndinfo.snd_flags = ordered ? 0 : SCTP_UNORDERED;
  if (retransmissions >= 0) {
    information.sendv_flags |= SCTP_SEND_PRINFO_VALID;
    information.sendv_prinfo.pr_policy = SCTP_PR_SCTP_RTX;
    information.sendv_prinfo.pr_value = (uint32_t)retransmissions;
  }
  return usrsctp_sendv(
             socket, bytes, count, NULL, 0, &information, sizeof information, SCTP_SENDV_SPA, 0) < 0
             ? errno
             : 0;
}

/// A one-to-one socket over datagrams that the caller carries (AF_CONN), or NULL.
static inline struct socket *lintel_usrsctp_socket(
    int (*receive)(struct socket *, union sctp_sockstore, void *, size_t, struct sctp_rcvinfo, int, void *),
    int (*sent)(struct socket *, uint32_t, void *), void *handle) {
  return usrsctp_socket(AF_CONN, SOCK_STREAM, IPPROTO_SCTP, receive, sent, 0, handle);
}

/// Sets an option of the SCTP level. False: refused.
static inline int lintel_usrsctp_set(struct socket *socket, int option, const void *value, size_t bytes) {
  return usrsctp_setsockopt(socket, IPPROTO_SCTP, option, value, (socklen_t)bytes) == 0;
}

/// Bounds both buffers, and makes closing forget the association at once instead of keeping it to linger.
static inline int lintel_usrsctp_set_buffers(struct socket *socket, int send_bytes, int receive_bytes) {
  struct linger none = {.l_onoff = 1, .l_linger = 0};
  return usrsctp_setsockopt(socket, SOL_SOCKET, SO_LINGER, &none, sizeof none) == 0 &&
         usrsctp_setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof send_bytes) == 0 &&
         usrsctp_setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes) == 0 &&
         usrsctp_set_non_blocking(socket, 1) == 0;
}

/// Binds and begins to connect; both ends are named by the handle. False: refused.
static inline int lintel_usrsctp_connect(
    struct socket *socket, void *handle, uint16_t local_port, uint16_t remote_port) {
  struct sockaddr_conn address = {.sconn_family = AF_CONN, .sconn_port = htons(local_port), .sconn_addr = handle};
  if (usrsctp_bind(socket, (struct sockaddr *)&address, sizeof address) != 0) return 0;
  address.sconn_port = htons(remote_port);
  return usrsctp_connect(socket, (struct sockaddr *)&address, sizeof address) == 0 || errno == EINPROGRESS;
}
