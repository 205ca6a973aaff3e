#include "format.h"

#include <string.h>

snd_pcm_format_t format_named(const char *name) {
  static const snd_pcm_format_t known[] = {SND_PCM_FORMAT_S16_LE, SND_PCM_FORMAT_S24_3LE, SND_PCM_FORMAT_S32_LE,
                                           SND_PCM_FORMAT_FLOAT_LE};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (!strcmp(name, snd_pcm_format_name(known[i]))) return known[i];
  return SND_PCM_FORMAT_UNKNOWN;
}

void format_encode(snd_pcm_format_t format, const int16_t *from, void *to, size_t samples) {
  uint8_t *bytes = to;
  for (size_t i = 0; i < samples; i++) {
    int32_t wide = (int32_t)((uint32_t)(uint16_t)from[i] << 16);
    float real = (float)from[i] / 32768;
    switch (format) {
      case SND_PCM_FORMAT_S24_3LE:
        memcpy(bytes + 3 * i, (uint8_t *)&wide + 1, 3);
        break;
      case SND_PCM_FORMAT_S32_LE:
        memcpy(bytes + 4 * i, &wide, 4);
        break;
      case SND_PCM_FORMAT_FLOAT_LE:
        memcpy(bytes + 4 * i, &real, 4);
        break;
      default:
        memcpy(bytes + 2 * i, from + i, 2);
    }
  }
}

static int16_t from_real(float real) {
  float scaled = real * 32768;
  return (int16_t)(scaled > 32767 ? 32767 : scaled < -32768 ? -32768 : scaled);
}

void format_decode(snd_pcm_format_t format, const void *from, int16_t *to, size_t samples) {
  const uint8_t *bytes = from;
  for (size_t i = 0; i < samples; i++) {
    float real;
    switch (format) {
      case SND_PCM_FORMAT_S24_3LE:
        memcpy(to + i, bytes + 3 * i + 1, 2);
        break;
      case SND_PCM_FORMAT_S32_LE:
        memcpy(to + i, bytes + 4 * i + 2, 2);
        break;
      case SND_PCM_FORMAT_FLOAT_LE:
        memcpy(&real, bytes + 4 * i, 4);
        to[i] = from_real(real);
        break;
      default:
        memcpy(to + i, bytes + 2 * i, 2);
    }
  }
}
