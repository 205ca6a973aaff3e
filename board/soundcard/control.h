// The control file of a simulated sound card: 4096 bytes, mapped by the card for as long as it is open. Whoever
// maps or writes it changes what the card does at once. Little-endian, as the machine.
#pragma once
#include <stdint.h>

#define CONTROL_MAGIC 0x4C53434C  // "LCSL"

enum control_fault {
  FAULT_NONE = 0,
  FAULT_UNPLUGGED = 1,  // as when a USB card is pulled: ENODEV everywhere until it is cleared
  FAULT_STALLED = 2,    // the position stands still
  FAULT_XRUN_ONCE = 3,  // one overrun or underrun; the card clears it
  FAULT_BUSY = 4,       // somebody else has the card: it cannot be opened
  FAULT_SLOW = 6,       // to be opened takes it 300 ms, as a card on a bus that has to be powered up
  FAULT_HUNG = 5,       // the driver is stuck: calls do not return until it is cleared
};

#define ECHO_TAPS_MAX 1600

struct control {
  uint32_t magic;             //  0: written by the card
  volatile int32_t fault;     //  4: enum control_fault
  volatile int32_t ppm;       //  8: how much faster than real time the card's clock runs
  volatile uint32_t opens;    // 12: times it was opened
  volatile uint32_t starts;   // 16: times it was started
  volatile uint32_t xruns;    // 20: overruns or underruns, forced ones included
  volatile uint64_t frames;   // 24: frames moved since the file was made
  // 32: CLOCK_MONOTONIC of the microphone file's first sample, or of the recording's, as the speaker's last start
  // makes it; 0 until known
  volatile int64_t epoch_ns;
  // What a microphone hears of the speaker of the same process; written by the tester.
  volatile int32_t echo_taps;   // 40: the length of the path; 0: it hears nothing of it
  volatile int32_t echo_delay;  // 44: frames before the path begins
  volatile int32_t echo_bends;  // 48: the loudspeaker is driven too hard
  int32_t reserved[3];
  volatile int16_t echo_path[ECHO_TAPS_MAX];  // 64: in 32768ths
};
