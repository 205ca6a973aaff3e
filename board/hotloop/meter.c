// Counts instructions by stage. The linker sends the engine's calls of the codec through the __wrap functions, so
// the product's code is counted as it is.
#include "hotloop.h"

#include <opus/opus.h>

static uint64_t total[STAGE_END], at_frame[STAGE_END], engine_worst, all_worst;

uint64_t meter_now(void) {
#ifdef __riscv
  uint32_t high, low, again;
  do {
    __asm__ volatile(
        ".option push\n.option arch,+zicsr\n"
        "csrr %0, minstreth\ncsrr %1, minstret\ncsrr %2, minstreth\n"
        ".option pop"
        : "=r"(high), "=r"(low), "=r"(again));
  } while (high != again);
  return ((uint64_t)high << 32) | low;
#else
  return 0;
#endif
}

void meter_add(enum stage stage, uint64_t since) { total[stage] += meter_now() - since; }

uint64_t meter_total(enum stage stage) { return total[stage]; }
uint64_t meter_engine_worst(void) { return engine_worst; }
uint64_t meter_all_worst(void) { return all_worst; }

void meter_frame(void) {
  uint64_t all = 0, codec = 0;
  for (int stage = 0; stage < STAGE_END; stage++) {
    uint64_t taken = total[stage] - at_frame[stage];
    at_frame[stage] = total[stage];
    // The codec is called from inside the other stages.
    if (stage == STAGE_ENCODE || stage == STAGE_DECODE) codec += taken; else all += taken;
  }
  if (all - codec > engine_worst) engine_worst = all - codec;
  if (all > all_worst) all_worst = all;
}

int __real_opus_encode(OpusEncoder *, const opus_int16 *, int, unsigned char *, opus_int32);
int __real_opus_decode(OpusDecoder *, const unsigned char *, opus_int32, opus_int16 *, int, int);

int __wrap_opus_encode(OpusEncoder *state, const opus_int16 *samples, int count, unsigned char *data, opus_int32 room) {
  uint64_t begin = meter_now();
  int result = __real_opus_encode(state, samples, count, data, room);
  meter_add(STAGE_ENCODE, begin);
  return result;
}

int __wrap_opus_decode(
    OpusDecoder *state, const unsigned char *data, opus_int32 bytes, opus_int16 *samples, int count, int fec) {
  uint64_t begin = meter_now();
  int result = __real_opus_decode(state, data, bytes, samples, count, fec);
  meter_add(STAGE_DECODE, begin);
  return result;
}
