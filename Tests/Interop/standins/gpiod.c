// libgpiod without a kernel, 1 here and 2 in gpiod2.h: $LINTEL_GPIO/CHIP/ holds a folder for each line, named by its number.
//   value   0 or 1, the level at the pin          edge    a FIFO: one byte an edge
//   name    the line's name                       busy    who has it already
//   request what was asked for                    denied  (in CHIP) it may not be opened
//   label   (in CHIP) the chip's label            silent  (in CHIP) it has no interrupts
//   hung    (in CHIP) its bus hangs: nothing can be read or written, which takes a second to be seen
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <gpiod.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct gpiod_chip {
  char folder[512];
};
struct gpiod_line {
  struct gpiod_chip *chip;
  char folder[600];
  char consumer[64];
  int edges, low, requested, is_output;
};

static char *path(const char *folder, const char *file, char *room) {
  snprintf(room, 1024, "%s/%s", folder, file);
  return room;
}
static int text(const char *folder, const char *file, char *into, size_t bytes) {
  char room[1024];
  FILE *f = fopen(path(folder, file, room), "r");
  if (!f) return -1;
  if (!fgets(into, (int)bytes, f)) into[0] = 0;
  fclose(f);
  into[strcspn(into, "\n")] = 0;
  return 0;
}
static int exists(const char *folder, const char *file) {
  char room[1024];
  return access(path(folder, file, room), F_OK) == 0;
}
static void write_text(const char *folder, const char *file, const char *words) {
  char room[1024], fresh[1100];
  snprintf(fresh, sizeof fresh, "%s.new", path(folder, file, room));
  FILE *f = fopen(fresh, "w");
  if (!f) return;
  fputs(words, f);
  fclose(f);
  rename(fresh, room);
}

/// Of the folder of a line, whose chip's is above it.
static int hangs(const char *folder) {
  if (!exists(folder, "../hung")) return 0;
  usleep(1000000);
  errno = ETIMEDOUT;
  return 1;
}

#ifndef GPIOD_LINE_BULK_MAX_LINES
#include "gpiod2.h"
#else
struct gpiod_chip *gpiod_chip_open_lookup(const char *name) {
  struct gpiod_chip *chip = calloc(1, sizeof *chip);
  snprintf(chip->folder, sizeof chip->folder, "%s/%s", getenv("LINTEL_GPIO"), name);
  for (int number = 0; number < 32 && !exists(chip->folder, "."); number++) {
    char folder[512], label[64] = "";
    snprintf(folder, sizeof folder, "%s/gpiochip%d", getenv("LINTEL_GPIO"), number);
    if (text(folder, "label", label, sizeof label) == 0 && strcmp(label, name) == 0) strcpy(chip->folder, folder);
  }
  errno = !exists(chip->folder, ".") ? ENOENT : exists(chip->folder, "denied") ? EACCES : 0;
  if (!errno) return chip;
  int code = errno;
  free(chip);
  errno = code;
  return NULL;
}
void gpiod_chip_close(struct gpiod_chip *chip) { free(chip); }

struct gpiod_line *gpiod_chip_get_line(struct gpiod_chip *chip, unsigned int offset) {
  struct gpiod_line *line = calloc(1, sizeof *line);
  line->chip = chip;
  line->edges = -1;
  snprintf(line->folder, sizeof line->folder, "%s/%u", chip->folder, offset);
  if (exists(line->folder, ".")) {
    text(line->folder, "busy", line->consumer, sizeof line->consumer);
    return line;
  }
  free(line);
  errno = EINVAL;
  return NULL;
}
struct gpiod_line *gpiod_chip_find_line(struct gpiod_chip *chip, const char *name) {
  for (unsigned int offset = 0; offset < 64; offset++) {
    struct gpiod_line *line = gpiod_chip_get_line(chip, offset);
    char found[64] = "";
    if (line && text(line->folder, "name", found, sizeof found) == 0 && strcmp(found, name) == 0) return line;
    free(line);
  }
  errno = ENOENT;
  return NULL;
}
struct gpiod_line *gpiod_line_find(const char *name) {
  for (int number = 0; number < 32; number++) {
    char chip_name[32];
    snprintf(chip_name, sizeof chip_name, "gpiochip%d", number);
    struct gpiod_chip *chip = gpiod_chip_open_lookup(chip_name);
    struct gpiod_line *line = chip ? gpiod_chip_find_line(chip, name) : NULL;
    if (line) return line;
    if (chip) gpiod_chip_close(chip);
  }
  errno = ENOENT;
  return NULL;
}
void gpiod_line_close_chip(struct gpiod_line *line) { gpiod_chip_close(line->chip); }
const char *gpiod_line_consumer(struct gpiod_line *line) { return line->consumer[0] ? line->consumer : NULL; }

static int request(struct gpiod_line *line, const char *consumer, int flags, const char *what) {
  if (exists(line->folder, "busy")) {
    errno = EBUSY;
    return -1;
  }
  char words[256];
  snprintf(words, sizeof words, "%s %s%s%s '%s'\n", what, flags & GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW ? "low" : "high",
           flags & GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_UP ? " up" : "",
           flags & GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_DOWN ? " down" : "", consumer);
  write_text(line->folder, "request", words);
  line->low = (flags & GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW) != 0;
  line->requested = 1;
  return 0;
}
int gpiod_line_set_value(struct gpiod_line *line, int value) {
  if (hangs(line->folder)) return -1;
  if (!exists(line->folder, ".")) {
    errno = ENODEV;
    return -1;
  }
  write_text(line->folder, "value", value ^ line->low ? "1\n" : "0\n");
  return 0;
}
int gpiod_line_request_output_flags(struct gpiod_line *line, const char *consumer, int flags, int value) {
  if (request(line, consumer, flags, "output") < 0) return -1;
  line->is_output = 1;
  return gpiod_line_set_value(line, value);
}
int gpiod_line_request_both_edges_events_flags(struct gpiod_line *line, const char *consumer, int flags) {
  char room[1024];
  if (exists(line->chip->folder, "silent")) {
    errno = ENODEV;
    return -1;
  }
  if (request(line, consumer, flags, "input") < 0) return -1;
  line->edges = open(path(line->folder, "edge", room), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  return line->edges < 0 ? -1 : 0;
}
int gpiod_line_request_input_flags(struct gpiod_line *line, const char *consumer, int flags) {
  return request(line, consumer, flags, "look");
}
int gpiod_line_event_get_fd(struct gpiod_line *line) { return line->edges; }
int gpiod_line_get_value(struct gpiod_line *line) {
  if (hangs(line->folder)) return -1;
  char value[8];
  if (text(line->folder, "value", value, sizeof value) < 0) {
    errno = ENODEV;
    return -1;
  }
  return (value[0] == '1') ^ line->low;
}
int gpiod_line_event_wait(struct gpiod_line *line, const struct timespec *timeout) {
  (void)timeout;
  struct pollfd waiting = {.fd = line->edges, .events = POLLIN};
  return poll(&waiting, 1, 0);
}
int gpiod_line_event_read_multiple(struct gpiod_line *line, struct gpiod_line_event *events, unsigned int most) {
  char bytes[16];
  if (!exists(line->folder, ".")) {
    errno = ENODEV;
    return -1;
  }
  int count = (int)read(line->edges, bytes, most < sizeof bytes ? most : sizeof bytes);
  if (count > 0) memset(events, 0, sizeof *events * (size_t)count);
  return count;
}
void gpiod_line_release(struct gpiod_line *line) {
  if (!line->requested) return;
  if (line->edges >= 0) close(line->edges);
  char room[1024];
  unlink(path(line->folder, "request", room));
  line->requested = 0;
  line->edges = -1;
}
#endif
