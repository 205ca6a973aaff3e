// One simulated card, capture or playback, and the WAV file that stands for its microphone or speaker.
#pragma once
#include <alsa/asoundlib.h>
#include <alsa/pcm_external.h>
#include <stdint.h>

#include "control.h"
#include "wav.h"

#define CONTROL_BYTES 4096

struct card {
  snd_pcm_ioplug_t io;
  int timer;
  int file;             // the WAV file, or -1
  struct wav_info wav;  // what the file holds
  snd_pcm_format_t format;  // the only one that it has
  unsigned rate, channels;  // the only ones, or 0 for any
  int loops;
  int keeps_time;          // the file's time goes on while nobody captures
  struct control *control;
  struct control own;      // used when there is no control file
  int64_t started_ns;
  int32_t started_ppm;
  uint64_t position_at_start;  // frames that had passed when the clock was last started
  uint64_t position;           // frames that the hardware has passed since prepare
  uint64_t moved;              // frames that were handed over since prepare
  uint64_t file_base;          // the file's frame at moved == 0
  uint64_t described;          // frames that the recording's header tells
  int running;
};

static inline int is_capture(const struct card *c) { return c->io.stream == SND_PCM_STREAM_CAPTURE; }

// Opens the file of `stream`; a negative error code, and the reason on ALSA's error output, if it is not what it
// should be.
int tape_open(struct card *c, const char *path, snd_pcm_stream_t stream);
// Once the format is known: a recording goes on if the file holds the same, otherwise it begins anew.
int tape_begin_recording(struct card *c);
// Fills `to` with what the microphone hears from frame `at` of the file on; silence behind its end.
void tape_hear(struct card *c, uint64_t at, int16_t *to, snd_pcm_uframes_t frames);
// Appends to the recording.
void tape_record(struct card *c, const int16_t *from, snd_pcm_uframes_t frames);
// Completes the recording's header and closes the file.
void tape_close(struct card *c);
