#include <stdbool.h>
#include <stdint.h>

/* Normal forms: every scalar is composed as far as it can be, and stays where it is (class 0). */
uint16_t _swift_stdlib_getNormData(uint32_t scalar) {
  (void)scalar;
  return 0;
}

const uint8_t *const _swift_stdlib_nfd_decompositions = 0;

/* Asked only of scalars that the data above says can be taken apart. */
uint32_t _swift_stdlib_getDecompositionEntry(uint32_t scalar) {
  (void)scalar;
  return UINT32_MAX;
}

uint32_t _swift_stdlib_getComposition(uint32_t one, uint32_t other) {
  (void)one, (void)other;
  return UINT32_MAX;
}

/* Characters: "any", which nothing is joined to. */
uint8_t _swift_stdlib_getGraphemeBreakProperty(uint32_t scalar) {
  (void)scalar;
  return UINT8_MAX;
}

bool _swift_stdlib_isInCB_Consonant(uint32_t scalar) {
  (void)scalar;
  return false;
}

bool _swift_stdlib_isExtendedPictographic(uint32_t scalar) {
  (void)scalar;
  return false;
}
