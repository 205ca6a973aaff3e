// A wire between two network namespaces, in user space: delay, jitter, loss, reordering and cuts.
//   wire NAMESPACE_A NAME_A NAMESPACE_B NAME_B      (files of namespaces, and what its two ends are called there)
// It makes a TUN device at each end, prints "up", and carries packets until its standard input ends. A line there sets
// what happens to packets from now on, for one direction or both:
//   a|b|both DELAY_MS JITTER_MS LOSS_PERMILLE REORDERED_PERMILLE CUT     ("a": what enters at end A)
// Jitter keeps the order; a reordered packet comes REORDERED_BY after those that were sent with it. It prints "ok".
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { PACKET_BYTES_MAX = 1600, QUEUE_PACKETS_MAX = 8192, LINE_BYTES_MAX = 256 };
static const int64_t REORDERED_BY = 30 * 1000000LL;

struct packet {
  int64_t due;
  int size;
  unsigned char bytes[PACKET_BYTES_MAX];
};
// What leaves at one end, in the order of the times at which it is due.
struct queue {
  struct packet *packets[QUEUE_PACKETS_MAX];
  int count;
};
struct rules {
  double delay_ms, jitter_ms, loss_permille, reordered_permille;
  int cut;
};

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int end_of(const char *namespace, const char *name) {
  int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), there = open(namespace, O_RDONLY | O_CLOEXEC);
  if (home < 0 || there < 0 || setns(there, CLONE_NEWNET)) fail(namespace);
  int end = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (end < 0) fail("/dev/net/tun");
  struct ifreq request;
  memset(&request, 0, sizeof request);
  snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (ioctl(end, TUNSETIFF, &request) || setns(home, CLONE_NEWNET)) fail(name);
  close(home);
  close(there);
  return end;
}

static double chance(void) { return random() / (RAND_MAX + 1.0); }

static void put(struct queue *queue, const unsigned char *bytes, int size, int64_t due) {
  struct packet *packet = queue->count < QUEUE_PACKETS_MAX ? malloc(sizeof *packet) : NULL;
  if (!packet) return;
  packet->due = due;
  packet->size = size;
  memcpy(packet->bytes, bytes, size);
  int place = queue->count++;
  for (; place > 0 && queue->packets[place - 1]->due > due; place--) queue->packets[place] = queue->packets[place - 1];
  queue->packets[place] = packet;
}

// What came to one end goes into the queue of the other, or nowhere.
static void take(int end, struct queue *queue, const struct rules *rules, int64_t *last) {
  unsigned char bytes[PACKET_BYTES_MAX];
  int size;
  while ((size = read(end, bytes, sizeof bytes)) > 0) {
    if (rules->cut || chance() * 1000 < rules->loss_permille) continue;
    int64_t due = now() + (int64_t)((rules->delay_ms + rules->jitter_ms * chance()) * 1e6);
    if (chance() * 1000 < rules->reordered_permille) {
      due += REORDERED_BY;
    } else {
      if (due < *last) due = *last;
      *last = due;
    }
    put(queue, bytes, size, due);
  }
}

// Sends what is due. -> when the next is, or `latest`.
static int64_t deliver(int end, struct queue *queue, int64_t latest) {
  int sent = 0;
  int64_t time = now();
  for (; sent < queue->count && queue->packets[sent]->due <= time; sent++) {
    // An end that is down takes nothing, as a plug that was pulled.
    if (write(end, queue->packets[sent]->bytes, queue->packets[sent]->size) < 0 && errno == EBADFD) fail("write");
    free(queue->packets[sent]);
  }
  queue->count -= sent;
  memmove(queue->packets, queue->packets + sent, queue->count * sizeof *queue->packets);
  return queue->count && queue->packets[0]->due < latest ? queue->packets[0]->due : latest;
}

static void obey(const char *line, struct rules rules[2]) {
  char which[8];
  struct rules r;
  if (sscanf(line, "%7s %lf %lf %lf %lf %d", which, &r.delay_ms, &r.jitter_ms, &r.loss_permille, &r.reordered_permille,
             &r.cut) != 6) {
    fprintf(stderr, "wire: not understood: %s\n", line);
    exit(2);
  }
  bool both = strcmp(which, "both") == 0;
  if (both || which[0] == 'a') rules[0] = r;
  if (both || which[0] == 'b') rules[1] = r;
  puts("ok");
}

// -> whether standard input is still open.
static bool listen_to_orders(struct rules rules[2]) {
  static char text[LINE_BYTES_MAX];
  static int length;
  int got = read(0, text + length, sizeof text - 1 - length);
  if (got <= 0) return false;
  length += got;
  text[length] = 0;
  char *begin = text, *end;
  while ((end = strchr(begin, '\n'))) {
    *end = 0;
    obey(begin, rules);
    begin = end + 1;
  }
  length -= begin - text;
  memmove(text, begin, length + 1);
  return length < LINE_BYTES_MAX - 1;
}

int main(int argc, char **argv) {
  if (argc != 5) {
    fprintf(stderr, "usage: wire NAMESPACE_A NAME_A NAMESPACE_B NAME_B\n");
    return 2;
  }
  setvbuf(stdout, NULL, _IOLBF, 0);
  static struct queue queues[2];
  struct rules rules[2] = {{0}};
  int ends[2] = {end_of(argv[1], argv[2]), end_of(argv[3], argv[4])};
  int64_t last[2] = {0, 0};
  puts("up");
  struct pollfd ready[3] = {{ends[0], POLLIN, 0}, {ends[1], POLLIN, 0}, {0, POLLIN, 0}};
  for (;;) {
    int64_t next = now() + 1000000000LL;
    for (int side = 0; side < 2; side++) {
      take(ends[side], &queues[1 - side], &rules[side], &last[side]);
    }
    for (int side = 0; side < 2; side++) next = deliver(ends[side], &queues[side], next);
    int64_t wait = next - now();
    struct timespec most = {wait > 0 ? wait / 1000000000LL : 0, wait > 0 ? wait % 1000000000LL : 0};
    if (ppoll(ready, 3, &most, NULL) < 0 && errno != EINTR) fail("poll");
    if (ready[2].revents && !listen_to_orders(rules)) return 0;
  }
}
