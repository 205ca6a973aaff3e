// The audio engine as C sees it (Call.swift), and what the program around it measures. One source for the
// microcontroller and for the PC: what the two calculate must be the same to the last bit.
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { PERIOD_SAMPLES = 160, PAYLOAD_BYTES_MAX = 1275 };
/// What the engine remembers from before the call is connected.
#define PRECONNECT_MS 2000

/// One packet between two ends.
struct packet {
  uint16_t sequence;
  uint16_t bytes;
  uint32_t timestamp;
  /// Set by the network.
  uint32_t arrived_ms;
  uint8_t payload[PAYLOAD_BYTES_MAX];
};

/// An array would be a tuple to Swift.
static inline uint8_t *packet_payload(const struct packet *packet) { return (uint8_t *)packet->payload; }

// --- Call.swift: each is one stage of a period. A null engine means that its configuration was refused.
void *engine_uplink(int bits_per_second, int complexity);
void *engine_downlink(int tracks);
/// Takes a period from the microphone; non-zero when a frame is ready.
int engine_capture(void *uplink, const int16_t *samples);
/// Takes the oldest frame; zero when there is none. The caller numbers it.
int engine_pop(void *uplink, struct packet *packet);
void engine_push(void *downlink, int slot, const struct packet *packet);
void engine_play(void *downlink, int16_t *samples, uint32_t now_ms);

enum counted { COUNT_RECEIVED, COUNT_LOST, COUNT_RECOVERED, COUNT_LATE, COUNT_CONCEALED_MS, COUNT_END };
int engine_count(void *downlink, enum counted what);

// --- network.c: a seeded network. Loss with bursts, jitter that reorders, duplicates.
struct network;
size_t network_bytes(void);
void network_start(struct network *network, uint32_t seed, int loss_permille, int jitter_ms);
void network_send(struct network *network, const struct packet *packet, uint32_t now_ms);
/// The next packet that has arrived by now, or null.
const struct packet *network_receive(struct network *network, uint32_t now_ms);

// --- meter.c: instructions by stage.
enum stage { STAGE_CAPTURE, STAGE_POP, STAGE_PUSH, STAGE_PLAY, STAGE_ENCODE, STAGE_DECODE, STAGE_END };
/// Instructions retired so far; 0 where there is no such counter.
uint64_t meter_now(void);
void meter_add(enum stage stage, uint64_t since);
/// What the stages took since the last call of `meter_frame`, and the most that any frame took.
void meter_frame(void);
uint64_t meter_total(enum stage stage);
uint64_t meter_engine_worst(void);
uint64_t meter_all_worst(void);
