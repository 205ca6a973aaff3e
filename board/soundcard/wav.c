#define _GNU_SOURCE
#include "wav.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static uint32_t get32(const uint8_t *b) { return b[0] | b[1] << 8 | b[2] << 16 | (uint32_t)b[3] << 24; }
static uint16_t get16(const uint8_t *b) { return (uint16_t)(b[0] | b[1] << 8); }

static void put32(uint8_t *b, uint32_t v) {
  for (int i = 0; i < 4; i++) b[i] = (uint8_t)(v >> 8 * i);
}
static void put16(uint8_t *b, uint16_t v) {
  b[0] = (uint8_t)v;
  b[1] = (uint8_t)(v >> 8);
}

static int refuse(const char **why, const char *reason) {
  *why = reason;
  return -1;
}

int wav_parse(int fd, struct wav_info *info, const char **why) {
  struct stat status;
  uint8_t head[12], chunk[8], format[40];
  if (fstat(fd, &status) < 0 || pread(fd, head, 12, 0) != 12) return refuse(why, "too short for a WAV file");
  if (memcmp(head, "RIFF", 4) || memcmp(head + 8, "WAVE", 4)) return refuse(why, "no WAV file");
  uint64_t end = (uint64_t)status.st_size, at = 12;
  int described = 0;
  while (pread(fd, chunk, 8, (off_t)at) == 8) {
    uint64_t size = get32(chunk + 4);
    if (!memcmp(chunk, "fmt ", 4)) {
      if (size < 16 || pread(fd, format, 16, (off_t)(at + 8)) != 16) return refuse(why, "damaged fmt chunk");
      unsigned tag = get16(format);
      if (tag == 0xFFFE && size >= 40) {
        // WAVE_FORMAT_EXTENSIBLE: the real tag begins the sub-format.
        if (pread(fd, format, 40, (off_t)(at + 8)) != 40) return refuse(why, "damaged fmt chunk");
        tag = get16(format + 24);
      }
      info->channels = get16(format + 2);
      info->rate = get32(format + 4);
      if (tag != 1 || get16(format + 14) != 16) return refuse(why, "not 16-bit PCM");
      if (info->channels < 1 || info->channels > WAV_CHANNELS_MAX) return refuse(why, "more than 8 channels");
      if (info->rate < 8000 || info->rate > 192000) return refuse(why, "rate outside of 8000 to 192000 Hz");
      described = 1;
    } else if (!memcmp(chunk, "data", 4)) {
      if (!described) return refuse(why, "data before fmt");
      info->data_offset = at + 8;
      uint64_t there = end > info->data_offset ? end - info->data_offset : 0;
      info->frames = (size < there ? size : there) / (2 * info->channels);
      return 0;
    }
    at += 8 + size + (size & 1);
  }
  return refuse(why, "no data chunk");
}

int wav_write_header(int fd, unsigned rate, unsigned channels, uint64_t frames) {
  uint64_t bytes = frames * 2 * channels;
  if (bytes > UINT32_MAX - 36) bytes = UINT32_MAX - 36;
  uint8_t h[WAV_HEADER_BYTES];
  memcpy(h, "RIFF", 4);
  put32(h + 4, (uint32_t)bytes + 36);
  memcpy(h + 8, "WAVEfmt ", 8);
  put32(h + 16, 16);
  put16(h + 20, 1);
  put16(h + 22, (uint16_t)channels);
  put32(h + 24, rate);
  put32(h + 28, rate * 2 * channels);
  put16(h + 32, (uint16_t)(2 * channels));
  put16(h + 34, 16);
  memcpy(h + 36, "data", 4);
  put32(h + 40, (uint32_t)bytes);
  return pwrite(fd, h, sizeof h, 0) == (ssize_t)sizeof h ? 0 : -1;
}
