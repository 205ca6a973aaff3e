// A sound card in user space: an ALSA ioplug that a timer paces in real time. Its microphone hears a WAV file,
// its speaker records one, and a control file pulls its plug. See README.md for the configuration.
#define _GNU_SOURCE
#define PIC 1
#include <alsa/asoundlib.h>
#include <alsa/pcm_external.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "card.h"
#include "echo.h"
#include "format.h"

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int unplugged(struct card *c) {
  if (c->control->fault != FAULT_UNPLUGGED) return 0;
  snd_pcm_ioplug_set_state(&c->io, SND_PCM_STATE_DISCONNECTED);
  return 1;
}

// The timer only wakes the program; where the hardware stands is computed from the clock.
static int arm(struct card *c, int on) {
  struct itimerspec spec = {0};
  if (on) {
    int64_t period = (int64_t)(c->io.period_size * INT64_C(1000000000) / c->io.rate);
    period -= period * c->control->ppm / 1000000;
    spec.it_interval.tv_sec = period / 1000000000;
    spec.it_interval.tv_nsec = period % 1000000000;
    spec.it_value = spec.it_interval;
  }
  return timerfd_settime(c->timer, 0, &spec, NULL) < 0 ? -errno : 0;
}

static uint64_t frames_since_start(struct card *c) {
  double passed = (double)(now_ns() - c->started_ns) * 1e-9;
  return (uint64_t)(passed * c->io.rate * (1 + c->started_ppm * 1e-6));
}

// Starts counting from here, after a change of speed or a stall.
static void anchor(struct card *c) {
  c->position_at_start = c->position;
  c->started_ns = now_ns();
  c->started_ppm = c->control->ppm;
}

static int card_start(snd_pcm_ioplug_t *io) {
  struct card *c = io->private_data;
  if (unplugged(c)) return -ENODEV;
  anchor(c);
  if (is_capture(c)) {
    if (!c->control->epoch_ns) c->control->epoch_ns = c->started_ns;
    c->file_base = (uint64_t)((double)(c->started_ns - c->control->epoch_ns) * 1e-9 * io->rate + 0.5);
  } else {
    // The recording already holds what was written ahead of the start.
    uint64_t before = c->wav.frames - c->moved;
    c->control->epoch_ns = c->started_ns - (int64_t)(before * UINT64_C(1000000000) / io->rate);
  }
  c->running = 1;
  if (!is_capture(c)) echo_started(c);
  c->control->starts++;
  return arm(c, 1);
}

static int card_stop(snd_pcm_ioplug_t *io) {
  struct card *c = io->private_data;
  c->running = 0;
  echo_stopped(c);
  return arm(c, 0);
}

static int card_prepare(snd_pcm_ioplug_t *io) {
  struct card *c = io->private_data;
  if (unplugged(c)) return -ENODEV;
  c->running = 0;
  c->position = 0;
  c->moved = 0;
  return 0;
}

static snd_pcm_sframes_t xrun(struct card *c) {
  c->control->xruns++;
  return -EPIPE;
}

// As in a driver that waits in the kernel for a card that does not answer.
static void hang(struct card *c) {
  struct timespec pause = {.tv_nsec = 10000000};
  while (c->control->fault == FAULT_HUNG) nanosleep(&pause, NULL);
}

static snd_pcm_sframes_t card_pointer(snd_pcm_ioplug_t *io) {
  struct card *c = io->private_data;
  hang(c);
  if (unplugged(c)) return -ENODEV;
  if (!c->running) return (snd_pcm_sframes_t)c->position;
  if (c->control->fault == FAULT_XRUN_ONCE) {
    c->control->fault = FAULT_NONE;
    return xrun(c);
  }
  if (c->control->fault == FAULT_STALLED) {
    anchor(c);
    if (!is_capture(c)) echo_started(c);
    return (snd_pcm_sframes_t)c->position;
  }
  c->position = c->position_at_start + frames_since_start(c);
  if (c->control->ppm != c->started_ppm) {
    anchor(c);
    if (!is_capture(c)) echo_started(c);
    arm(c, 1);
  }
  uint64_t limit = io->appl_ptr + (is_capture(c) ? io->buffer_size : 0);
  if (c->position > limit) return xrun(c);
  return (snd_pcm_sframes_t)c->position;
}

static snd_pcm_sframes_t card_transfer(snd_pcm_ioplug_t *io, const snd_pcm_channel_area_t *areas,
                                       snd_pcm_uframes_t offset, snd_pcm_uframes_t size) {
  struct card *c = io->private_data;
  if (unplugged(c)) return -ENODEV;
  char *place = (char *)areas->addr + areas->first / 8 + offset * (areas->step / 8);
  uint64_t first = c->moved;
  if (is_capture(c)) {
    if (io->access == SND_PCM_ACCESS_MMAP_INTERLEAVED) {
      // The library asks for all that is there each time it looks, and names the place in the buffer: the same
      // frame may be asked for many times.
      uint64_t lap = io->buffer_size, taken = io->appl_ptr;
      first = taken + (offset + lap - taken % lap) % lap;
    }
  }
  int16_t samples[4096];
  for (snd_pcm_uframes_t done = 0, run; done < size; done += run) {
    run = sizeof samples / sizeof *samples / io->channels;
    if (run > size - done) run = size - done;
    void *there = place + done * (areas->step / 8);
    if (is_capture(c)) {
      tape_hear(c, c->file_base + first + done, samples, run);
      echo_hear(c, first + done, samples, run);
      format_encode(c->format, samples, there, run * io->channels);
    } else {
      format_decode(c->format, there, samples, run * io->channels);
      tape_record(c, samples, run);
      echo_play(c, first + done, samples, run);
    }
  }
  if (first + size > c->moved) {
    c->control->frames += first + size - c->moved;
    c->moved = first + size;
  }
  return (snd_pcm_sframes_t)size;
}

static int card_hw_params(snd_pcm_ioplug_t *io, snd_pcm_hw_params_t *params) {
  (void)params;
  return tape_begin_recording(io->private_data);
}

static int card_poll_revents(snd_pcm_ioplug_t *io, struct pollfd *pfd, unsigned int n, unsigned short *revents) {
  struct card *c = io->private_data;
  uint64_t expirations;
  *revents = 0;
  if (n > 0 && (pfd->revents & POLLIN) && read(c->timer, &expirations, sizeof expirations) < 0 && errno != EAGAIN)
    return -errno;
  if (unplugged(c)) {
    *revents = POLLERR | POLLHUP;
    return 0;
  }
  snd_pcm_sframes_t available = snd_pcm_avail_update(io->pcm);
  if (available < 0)
    *revents = POLLERR;
  else if ((snd_pcm_uframes_t)available >= io->period_size)
    *revents = is_capture(c) ? POLLIN : POLLOUT;
  return 0;
}

static int card_delay(snd_pcm_ioplug_t *io, snd_pcm_sframes_t *delay) {
  struct card *c = io->private_data;
  if (unplugged(c)) return -ENODEV;
  // As a kernel's: where the hardware is now, not where it was when somebody looked last.
  uint64_t position = c->position;
  if (c->running && c->control->fault != FAULT_STALLED) position = c->position_at_start + frames_since_start(c);
  *delay = (snd_pcm_sframes_t)(is_capture(c) ? position - io->appl_ptr : io->appl_ptr - position);
  return 0;
}

static void release(struct card *c) {
  echo_stopped(c);
  if (c->control != &c->own) munmap(c->control, CONTROL_BYTES);
  tape_close(c);
  if (c->timer >= 0) close(c->timer);
  free(c);
}

static int card_close(snd_pcm_ioplug_t *io) {
  struct card *c = io->private_data;
  release(c);
  return 0;
}

static const snd_pcm_ioplug_callback_t callbacks = {
    .start = card_start,
    .stop = card_stop,
    .pointer = card_pointer,
    .transfer = card_transfer,
    .close = card_close,
    .hw_params = card_hw_params,
    .prepare = card_prepare,
    .poll_revents = card_poll_revents,
    .delay = card_delay,
};

static int map_control(struct card *c, const char *path) {
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0 || ftruncate(fd, CONTROL_BYTES) < 0) {
    int code = -errno;
    SNDERR("control file %s: %s", path, strerror(errno));
    if (fd >= 0) close(fd);
    return code;
  }
  void *memory = mmap(NULL, CONTROL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (memory == MAP_FAILED) return -ENOMEM;
  c->control = memory;
  c->control->magic = CONTROL_MAGIC;
  return 0;
}

// What the card can do: the microphone only what its file holds.
static int describe(struct card *c) {
  static const unsigned access[] = {SND_PCM_ACCESS_RW_INTERLEAVED, SND_PCM_ACCESS_MMAP_INTERLEAVED};
  unsigned format[] = {c->format};
  if (is_capture(c) && c->file >= 0) {
    c->rate = c->wav.rate;
    c->channels = c->wav.channels;
  }
  unsigned rate_min = c->rate ? c->rate : 8000, rate_max = c->rate ? c->rate : 192000;
  unsigned channels_min = c->channels ? c->channels : 1, channels_max = c->channels ? c->channels : 2;
  snd_pcm_ioplug_t *io = &c->io;
  int e = snd_pcm_ioplug_set_param_list(io, SND_PCM_IOPLUG_HW_ACCESS, 2, access);
  if (!e) e = snd_pcm_ioplug_set_param_list(io, SND_PCM_IOPLUG_HW_FORMAT, 1, format);
  if (!e) e = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_CHANNELS, channels_min, channels_max);
  if (!e) e = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_RATE, rate_min, rate_max);
  if (!e) e = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_PERIOD_BYTES, 64, 65536);
  if (!e) e = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_BUFFER_BYTES, 128, 2097152);
  if (!e) e = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_PERIODS, 2, 64);
  return e;
}

static int configure(struct card *c, snd_config_t *conf, snd_pcm_stream_t stream) {
  const char *file = NULL, *control = NULL, *start = "open", *format = "S16_LE";
  long loop = 0, rate = 0, channels = 0;
  snd_config_iterator_t i, next;
  snd_config_for_each(i, next, conf) {
    snd_config_t *node = snd_config_iterator_entry(i);
    const char *id;
    if (snd_config_get_id(node, &id) < 0) continue;
    if (!strcmp(id, "comment") || !strcmp(id, "type") || !strcmp(id, "hint")) continue;
    int e = !strcmp(id, "file")       ? snd_config_get_string(node, &file)
            : !strcmp(id, "control")  ? snd_config_get_string(node, &control)
            : !strcmp(id, "start")    ? snd_config_get_string(node, &start)
            : !strcmp(id, "loop")     ? snd_config_get_integer(node, &loop)
            : !strcmp(id, "format")   ? snd_config_get_string(node, &format)
            : !strcmp(id, "rate")     ? snd_config_get_integer(node, &rate)
            : !strcmp(id, "channels") ? snd_config_get_integer(node, &channels)
                                      : -EINVAL;
    if (e < 0) {
      SNDERR("field %s is unknown or of the wrong type", id);
      return -EINVAL;
    }
  }
  c->loops = loop != 0;
  c->keeps_time = !strcmp(start, "clock");
  if (!c->keeps_time && strcmp(start, "open")) {
    SNDERR("start is '%s'; legal are open, clock", start);
    return -EINVAL;
  }
  c->format = format_named(format);
  c->rate = (unsigned)rate;
  c->channels = (unsigned)channels;
  if (c->format == SND_PCM_FORMAT_UNKNOWN || c->rate > 192000 || c->channels > WAV_CHANNELS_MAX) {
    SNDERR("format, rate or channels is nothing that this card could have");
    return -EINVAL;
  }
  int e = control ? map_control(c, control) : 0;
  if (e < 0) return e;
  hang(c);
  if (c->control->fault == FAULT_UNPLUGGED) return -ENODEV;
  if (c->control->fault == FAULT_BUSY) return -EBUSY;
  if (c->control->fault == FAULT_SLOW) nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
  if (!c->keeps_time) c->control->epoch_ns = 0;
  return file ? tape_open(c, file, stream) : 0;
}

__attribute__((visibility("default"))) SND_PCM_PLUGIN_DEFINE_FUNC(lintel) {
  (void)root;
  struct card *c = calloc(1, sizeof *c);
  if (!c) return -ENOMEM;
  c->file = -1;
  c->control = &c->own;
  c->io.stream = stream;
  c->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  int e = c->timer < 0 ? -errno : configure(c, conf, stream);
  if (e < 0) {
    release(c);
    return e;
  }
  c->control->opens++;
  c->io.version = SND_PCM_IOPLUG_VERSION;
  c->io.name = "Lintel simulated sound card";
  c->io.flags = SND_PCM_IOPLUG_FLAG_MONOTONIC | SND_PCM_IOPLUG_FLAG_BOUNDARY_WA;
  c->io.poll_fd = c->timer;
  c->io.poll_events = POLLIN;
  c->io.callback = &callbacks;
  c->io.private_data = c;
  e = snd_pcm_ioplug_create(&c->io, name, stream, mode);
  if (e < 0) {
    release(c);
    return e;
  }
  e = describe(c);
  if (e < 0) {
    snd_pcm_ioplug_delete(&c->io);
    return e;
  }
  *pcmp = c->io.pcm;
  return 0;
}
__attribute__((visibility("default"))) SND_PCM_PLUGIN_SYMBOL(lintel);
