// What Swift's Embedded standard library (6.3) gets wrong on arm64. The compiler is told that these two answer with what
// they were given, and takes the answer for it; theirs is stripped of its tag, which in a short String is a part of the
// text. The linker prefers these to the library's own, which are weak.
#include "retain.h"

#if defined(__aarch64__)
#include <stdint.h>

#define IMMORTAL (UINT64_C(1) << 63)
#define POINTER UINT64_C(0x8ffffffffffffff8)

void *swift_retain_n(void *object, uint32_t count);

void *swift_bridgeObjectRetain_n(void *object, uint32_t count) {
  uint64_t bits = (uint64_t)object;
  if (!(bits & IMMORTAL)) swift_retain_n((void *)(bits & POINTER), count);
  return object;
}

void *swift_bridgeObjectRetain(void *object) { return swift_bridgeObjectRetain_n(object, 1); }
#endif
