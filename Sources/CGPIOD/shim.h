#pragma once
#include <errno.h>
#include <gpiod.h>
#include <stddef.h>
#include <stdlib.h>

/* A line by its number on a chip (gpiochip0 if none is named), or by its name on that or any chip. 0, or the errno;
   whoever gets a line closes its chip (gpiod_line_close_chip). */
static inline int lintel_gpio_find(const char *chip_name, const char *name, struct gpiod_line **line) {
  char *end;
  unsigned long number = strtoul(name, &end, 10);
  int is_number = *name && !*end;
  if (!is_number && !chip_name) return (*line = gpiod_line_find(name)) ? 0 : errno;
  struct gpiod_chip *chip = gpiod_chip_open_lookup(chip_name ? chip_name : "gpiochip0");
  if (!chip) return errno;
  *line = is_number ? gpiod_chip_get_line(chip, (unsigned int)number) : gpiod_chip_find_line(chip, name);
  if (*line) return 0;
  /* EINVAL: beyond the chip's last line. */
  int code = errno == EINVAL ? ENOENT : errno;
  gpiod_chip_close(chip);
  return code;
}

/* What was seen since the last call: -1 and errno, 0 nothing, 1 edges. It does not wait. */
static inline int lintel_gpio_take_edges(struct gpiod_line *line) {
  const struct timespec at_once = {0, 0};
  struct gpiod_line_event events[16];
  int edges = gpiod_line_event_wait(line, &at_once);
  if (edges <= 0) return edges;
  return gpiod_line_event_read_multiple(line, events, 16) < 0 ? -1 : 1;
}
