#define _GNU_SOURCE
#include "echo.h"

#include <math.h>
#include <stdatomic.h>

#define RING_FRAMES 65536

// The one speaker whose sound is in the air. Both cards may be moved by different threads, and those that move sound are
// watched for locks, which are a program's own affair: this one is held for some microseconds, and none of the library's.
static struct {
  atomic_flag lock;
  const struct card *speaker;
  unsigned rate;
  int64_t started_ns;
  double frames_per_ns;
  uint64_t position_at_start;
  uint64_t first, end;  // frames in the ring
  float plain[RING_FRAMES], bent[RING_FRAMES];
} air = {.lock = ATOMIC_FLAG_INIT};

static void lock_air(void) {
  while (atomic_flag_test_and_set_explicit(&air.lock, memory_order_acquire)) {
  }
}
static void unlock_air(void) { atomic_flag_clear_explicit(&air.lock, memory_order_release); }

// A small loudspeaker that is driven too hard: it bends, and more to one side.
static float bent(float sample) {
  float x = sample / 12000 + 0.15f;
  return 12000 * (tanhf(x) - tanhf(0.15f));
}

void echo_started(struct card *c) {
  lock_air();
  if (air.speaker != c) air.first = air.end = c->moved;
  air.speaker = c;
  air.rate = c->io.rate;
  air.started_ns = c->started_ns;
  air.position_at_start = c->position_at_start;
  air.frames_per_ns = c->io.rate * 1e-9 * (1 + c->started_ppm * 1e-6);
  unlock_air();
}

void echo_stopped(struct card *c) {
  lock_air();
  if (air.speaker == c) air.speaker = NULL;
  unlock_air();
}

void echo_play(struct card *c, uint64_t at, const int16_t *from, snd_pcm_uframes_t frames) {
  lock_air();
  if (!air.speaker || air.speaker == c) {
    // Before it is started it is filled already.
    air.speaker = c;
    if (!c->running) air.frames_per_ns = 0;
    if (at != air.end) air.first = air.end = at;
    for (snd_pcm_uframes_t n = 0; n < frames; n++, air.end++) {
      int16_t sample = from[n * c->io.channels];
      air.plain[air.end % RING_FRAMES] = sample;
      air.bent[air.end % RING_FRAMES] = bent(sample);
    }
    if (air.end - air.first > RING_FRAMES) air.first = air.end - RING_FRAMES;
  }
  unlock_air();
}

void echo_hear(struct card *c, uint64_t at, int16_t *to, snd_pcm_uframes_t frames) {
  const struct control *control = c->control;
  int taps = control->echo_taps;
  if (taps <= 0 || taps > ECHO_TAPS_MAX) return;
  lock_air();
  if (air.speaker && air.rate == c->io.rate && air.frames_per_ns > 0) {
    // When the first frame was heard, by the microphone's clock; what the speaker played then, by its own.
    double heard_ns = c->started_ns + ((double)at - (double)c->position_at_start) /
                                          (c->io.rate * 1e-9 * (1 + c->started_ppm * 1e-6));
    double played = air.position_at_start + (heard_ns - air.started_ns) * air.frames_per_ns - control->echo_delay;
    int64_t newest = (int64_t)floor(played);
    const float *sound = control->echo_bends ? air.bent : air.plain;
    for (snd_pcm_uframes_t n = 0; n < frames; n++) {
      float sum = 0;
      for (int tap = 0; tap < taps; tap++) {
        int64_t frame = newest + (int64_t)n - tap;
        if (frame < (int64_t)air.first || frame >= (int64_t)air.end) continue;
        sum += control->echo_path[tap] * sound[(uint64_t)frame % RING_FRAMES];
      }
      for (unsigned channel = 0; channel < c->io.channels; channel++) {
        int16_t *sample = to + n * c->io.channels + channel;
        *sample = (int16_t)fmaxf(-32767, fminf(32767, *sample + sum / 32768));
      }
    }
  }
  unlock_air();
}
