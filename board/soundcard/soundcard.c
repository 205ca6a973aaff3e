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

#include "control.h"
#include "wav.h"

#define CONTROL_BYTES 4096

struct card {
  snd_pcm_ioplug_t io;
  int timer;
  int file;             // the WAV file, or -1
  struct wav_info wav;  // what the file holds
  int loops;
  int keeps_time;          // the file's time goes on while nobody captures
  struct control *control;
  struct control own;      // used when there is no control file
  int64_t started_ns;
  int32_t started_ppm;
  uint64_t position_at_start;  // frames that had passed when the clock was last started
  uint64_t position;           // frames that the hardware has passed since prepare
  uint64_t moved;              // frames that the program has moved since prepare
  uint64_t file_base;          // the file's frame at moved == 0
  uint64_t described;          // frames that the recording's header tells
  int running;
};

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int is_capture(const struct card *c) { return c->io.stream == SND_PCM_STREAM_CAPTURE; }

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
  }
  c->running = 1;
  c->control->starts++;
  return arm(c, 1);
}

static int card_stop(snd_pcm_ioplug_t *io) {
  struct card *c = io->private_data;
  c->running = 0;
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

static snd_pcm_sframes_t card_pointer(snd_pcm_ioplug_t *io) {
  struct card *c = io->private_data;
  if (unplugged(c)) return -ENODEV;
  if (!c->running) return (snd_pcm_sframes_t)c->position;
  if (c->control->fault == FAULT_XRUN_ONCE) {
    c->control->fault = FAULT_NONE;
    return xrun(c);
  }
  if (c->control->fault == FAULT_STALLED) {
    anchor(c);
    return (snd_pcm_sframes_t)c->position;
  }
  c->position = c->position_at_start + frames_since_start(c);
  if (c->control->ppm != c->started_ppm) {
    anchor(c);
    arm(c, 1);
  }
  if (is_capture(c) ? c->position > c->moved + io->buffer_size : c->position > c->moved) return xrun(c);
  return (snd_pcm_sframes_t)c->position;
}

// What the microphone hears at file frame `at`; silence behind the end.
static void hear(struct card *c, uint64_t at, int16_t *to, snd_pcm_uframes_t frames) {
  size_t bytes = 2 * c->io.channels;
  while (frames > 0) {
    snd_pcm_uframes_t run = frames;
    uint64_t place = c->loops && c->wav.frames ? at % c->wav.frames : at;
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

// Appends to the recording. Its header is right again every quarter of a second, so that the file can be read
// whenever the program is killed.
static void record(struct card *c, const int16_t *from, snd_pcm_uframes_t frames) {
  if (c->file < 0) return;
  size_t bytes = frames * 2 * c->io.channels;
  off_t at = (off_t)(WAV_HEADER_BYTES + c->wav.frames * 2 * c->io.channels);
  if (pwrite(c->file, from, bytes, at) != (ssize_t)bytes) return;
  c->wav.frames += frames;
  if (c->wav.frames - c->described < c->io.rate / 4) return;
  c->described = c->wav.frames;
  wav_write_header(c->file, c->io.rate, c->io.channels, c->wav.frames);
}

static snd_pcm_sframes_t card_transfer(snd_pcm_ioplug_t *io, const snd_pcm_channel_area_t *areas,
                                       snd_pcm_uframes_t offset, snd_pcm_uframes_t size) {
  struct card *c = io->private_data;
  if (unplugged(c)) return -ENODEV;
  int16_t *samples = (int16_t *)((char *)areas->addr + areas->first / 8 + offset * (areas->step / 8));
  if (is_capture(c))
    hear(c, c->file_base + c->moved, samples, size);
  else
    record(c, samples, size);
  c->moved += size;
  c->control->frames += size;
  return (snd_pcm_sframes_t)size;
}

// A recording goes on if the file holds the same format; otherwise it begins anew.
static int card_hw_params(snd_pcm_ioplug_t *io, snd_pcm_hw_params_t *params) {
  struct card *c = io->private_data;
  (void)params;
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
  *delay = (snd_pcm_sframes_t)(is_capture(c) ? c->position - c->moved : c->moved - c->position);
  return 0;
}

static void release(struct card *c) {
  if (c->control != &c->own) munmap(c->control, CONTROL_BYTES);
  if (c->file >= 0) close(c->file);
  if (c->timer >= 0) close(c->timer);
  free(c);
}

static int card_close(snd_pcm_ioplug_t *io) {
  struct card *c = io->private_data;
  if (!is_capture(c) && c->file >= 0 && c->described != c->wav.frames)
    wav_write_header(c->file, c->wav.rate, c->wav.channels, c->wav.frames);
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

static int open_file(struct card *c, const char *path, snd_pcm_stream_t stream) {
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

// What the card can do: the microphone only what its file holds.
static int describe(struct card *c) {
  static const unsigned access[] = {SND_PCM_ACCESS_RW_INTERLEAVED, SND_PCM_ACCESS_MMAP_INTERLEAVED};
  static const unsigned format[] = {SND_PCM_FORMAT_S16_LE};
  int fixed = is_capture(c) && c->file >= 0;
  unsigned rate_min = fixed ? c->wav.rate : 8000, rate_max = fixed ? c->wav.rate : 48000;
  unsigned channels_min = fixed ? c->wav.channels : 1, channels_max = fixed ? c->wav.channels : 2;
  snd_pcm_ioplug_t *io = &c->io;
  int e = snd_pcm_ioplug_set_param_list(io, SND_PCM_IOPLUG_HW_ACCESS, 2, access);
  if (!e) e = snd_pcm_ioplug_set_param_list(io, SND_PCM_IOPLUG_HW_FORMAT, 1, format);
  if (!e) e = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_CHANNELS, channels_min, channels_max);
  if (!e) e = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_RATE, rate_min, rate_max);
  if (!e) e = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_PERIOD_BYTES, 64, 65536);
  if (!e) e = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_BUFFER_BYTES, 128, 262144);
  if (!e) e = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_PERIODS, 2, 64);
  return e;
}

static int configure(struct card *c, snd_config_t *conf, snd_pcm_stream_t stream) {
  const char *file = NULL, *control = NULL, *start = "open";
  long loop = 0;
  snd_config_iterator_t i, next;
  snd_config_for_each(i, next, conf) {
    snd_config_t *node = snd_config_iterator_entry(i);
    const char *id;
    if (snd_config_get_id(node, &id) < 0) continue;
    if (!strcmp(id, "comment") || !strcmp(id, "type") || !strcmp(id, "hint")) continue;
    int e = !strcmp(id, "file")      ? snd_config_get_string(node, &file)
            : !strcmp(id, "control") ? snd_config_get_string(node, &control)
            : !strcmp(id, "start")   ? snd_config_get_string(node, &start)
            : !strcmp(id, "loop")    ? snd_config_get_integer(node, &loop)
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
  int e = control ? map_control(c, control) : 0;
  if (e < 0) return e;
  if (c->control->fault == FAULT_UNPLUGGED) return -ENODEV;
  if (c->control->fault == FAULT_BUSY) return -EBUSY;
  if (!c->keeps_time) c->control->epoch_ns = 0;
  return file ? open_file(c, file, stream) : 0;
}

__attribute__((visibility("default"))) SND_PCM_PLUGIN_DEFINE_FUNC(lintel) {
  (void)root;
  struct card *c = calloc(1, sizeof *c);
  if (!c) return -ENOMEM;
  c->file = -1;
  c->control = &c->own;
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
