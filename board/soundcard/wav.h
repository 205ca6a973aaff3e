// 16-bit PCM WAV files, as far as the simulated sound card needs them.
#pragma once
#include <stddef.h>
#include <stdint.h>

struct wav_info {
  unsigned rate;
  unsigned channels;
  uint64_t data_offset;
  uint64_t frames;
};

#define WAV_CHANNELS_MAX 8

// Reads the header of a little-endian 16-bit PCM file with one to eight channels. Sizes that reach behind the end
// of the file (its writer was killed) are cut. On failure answers -1 and points `why` to the reason.
int wav_parse(int fd, struct wav_info *info, const char **why);

// Writes a header of WAV_HEADER_BYTES for `frames` at the start of the file.
#define WAV_HEADER_BYTES 44
int wav_write_header(int fd, unsigned rate, unsigned channels, uint64_t frames);
