// The file that interpose.c fills; little-endian, as the machine. interposed.py reads it.
#pragma once
#include <stdint.h>
#include <stdlib.h>

enum { CALLERS_MAX = 16, CALLER_BYTES = 96, PACKETS_MAX = 16384 };

struct noted_packet {
  int64_t nanoseconds;  // CLOCK_MONOTONIC
  uint32_t sent;        // or received
  uint32_t bytes;
  uint8_t head[48];
};

struct interposed {
  uint64_t allocations;  //  0: on the audio thread, as the next two
  uint64_t frees;        //  8
  uint64_t locks;        // 16
  uint64_t system;       // 24: calls of the system by the program itself; those of the sound library are the PCM's
  uint64_t calls;        // 32: of all four
  char last_callers[CALLERS_MAX][CALLER_BYTES];  // 40: "library function", a ring
  uint64_t packets_noted;                        // 1576
  struct noted_packet packets[PACKETS_MAX];      // 1584: a ring, 64 bytes each
};
