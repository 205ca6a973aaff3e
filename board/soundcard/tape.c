// The WAV file behind a card: what its microphone hears, or what its speaker plays.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "card.h"

int tape_open(struct card *c, const char *path, snd_pcm_stream_t stream) {
  int capture = stream == SND_PCM_STREAM_CAPTURE;
  c->file = open(path, capture ? O_RDONLY | O_CLOEXEC : O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (c->file < 0) {
    SNDERR("%s: %s", path, strerror(errno));
    return -EINVAL;
  }
  const char *why = "";
  if (capture && wav_parse(c->file, &c->wav, &why) < 0) {
    SNDERR("%s: %s", path, why);
    return -EINVAL;
  }
  return 0;
}

int tape_begin_recording(struct card *c) {
  snd_pcm_ioplug_t *io = &c->io;
  if (is_capture(c) || c->file < 0) return 0;
  const char *why;
  struct wav_info there;
  if (wav_parse(c->file, &there, &why) == 0 && there.rate == io->rate && there.channels == io->channels &&
      there.data_offset == WAV_HEADER_BYTES) {
    c->wav = there;
  } else {
    if (ftruncate(c->file, 0) < 0) return -errno;
    c->wav = (struct wav_info){.rate = io->rate, .channels = io->channels, .data_offset = WAV_HEADER_BYTES};
    wav_write_header(c->file, io->rate, io->channels, 0);
  }
  c->described = c->wav.frames;
  return 0;
}

// A microphone may hear what a speaker records meanwhile: the end of the file is looked for again.
static void look_again(struct card *c) {
  struct stat status;
  if (c->file < 0 || fstat(c->file, &status) < 0 || (uint64_t)status.st_size < c->wav.data_offset) return;
  c->wav.frames = ((uint64_t)status.st_size - c->wav.data_offset) / (2 * c->wav.channels);
}

void tape_hear(struct card *c, uint64_t at, int16_t *to, snd_pcm_uframes_t frames) {
  size_t bytes = 2 * c->io.channels;
  while (frames > 0) {
    snd_pcm_uframes_t run = frames;
    uint64_t place = c->loops && c->wav.frames ? at % c->wav.frames : at;
    if (!c->loops && place >= c->wav.frames) look_again(c);
    uint64_t left = place < c->wav.frames ? c->wav.frames - place : 0;
    ssize_t got = 0;
    if (c->file >= 0 && left > 0) {
      if (run > left) run = left;
      got = pread(c->file, to, run * bytes, (off_t)(c->wav.data_offset + place * bytes));
      if (got < 0) got = 0;
    }
    memset((char *)to + got, 0, run * bytes - (size_t)got);
    to += run * c->io.channels;
    at += run;
    frames -= run;
  }
}

// The header is right again every quarter of a second, so that the file can be read
// whenever the program is killed.
void tape_record(struct card *c, const int16_t *from, snd_pcm_uframes_t frames) {
  if (c->file < 0) return;
  size_t bytes = frames * 2 * c->io.channels;
  off_t at = (off_t)(WAV_HEADER_BYTES + c->wav.frames * 2 * c->io.channels);
  if (pwrite(c->file, from, bytes, at) != (ssize_t)bytes) return;
  c->wav.frames += frames;
  if (c->wav.frames - c->described < c->io.rate / 4) return;
  c->described = c->wav.frames;
  wav_write_header(c->file, c->io.rate, c->io.channels, c->wav.frames);
}

void tape_close(struct card *c) {
  if (c->file < 0) return;
  if (!is_capture(c) && c->described != c->wav.frames)
    wav_write_header(c->file, c->wav.rate, c->wav.channels, c->wav.frames);
  close(c->file);
  c->file = -1;
}
