#include "hotloop.h"

#include <string.h>

// Packets on their way; more than any jitter needs.
enum { UNDERWAY_MAX = 32 };

struct network {
  uint32_t random;
  int loss_permille;
  int jitter_ms;
  int burst_left;
  struct {
    int used;
    uint32_t arrives_ms;
    struct packet packet;
  } underway[UNDERWAY_MAX];
  struct packet arrived;
};

size_t network_bytes(void) { return sizeof(struct network); }

void network_start(struct network *network, uint32_t seed, int loss_permille, int jitter_ms) {
  memset(network, 0, sizeof *network);
  network->random = seed | 1;
  network->loss_permille = loss_permille;
  network->jitter_ms = jitter_ms;
}

// xorshift32: the same numbers on every machine.
static uint32_t next_random(struct network *network) {
  uint32_t value = network->random;
  value ^= value << 13;
  value ^= value >> 17;
  value ^= value << 5;
  return network->random = value;
}

static void carry(struct network *network, const struct packet *packet, uint32_t arrives_ms) {
  for (int n = 0; n < UNDERWAY_MAX; n++) {
    if (network->underway[n].used) continue;
    network->underway[n].used = 1;
    network->underway[n].arrives_ms = arrives_ms;
    network->underway[n].packet = *packet;
    return;
  }
}

void network_send(struct network *network, const struct packet *packet, uint32_t now_ms) {
  uint32_t fate = next_random(network) % 1000;
  if (network->burst_left > 0) {
    network->burst_left--;
    return;
  }
  if ((int)fate < network->loss_permille) {
    // Every fourth loss takes the next packets with it.
    if (next_random(network) % 4 == 0) network->burst_left = 1 + (int)(next_random(network) % 3);
    return;
  }
  uint32_t spread = (uint32_t)network->jitter_ms + 1;
  carry(network, packet, now_ms + 5 + next_random(network) % spread);
  if (next_random(network) % 50 == 0) carry(network, packet, now_ms + 5 + next_random(network) % spread);
}

const struct packet *network_receive(struct network *network, uint32_t now_ms) {
  int first = -1;
  for (int n = 0; n < UNDERWAY_MAX; n++) {
    if (!network->underway[n].used || network->underway[n].arrives_ms > now_ms) continue;
    if (first < 0 || network->underway[n].arrives_ms < network->underway[first].arrives_ms) first = n;
  }
  if (first < 0) return NULL;
  network->underway[first].used = 0;
  network->arrived = network->underway[first].packet;
  network->arrived.arrived_ms = network->underway[first].arrives_ms;
  return &network->arrived;
}
