#pragma once
/* One line of a GPIO chip, with libgpiod 1 (Debian 12) and 2 (Debian 13) alike. What fails gives the errno, or -1 with
   it in errno where that is said. */
#include <errno.h>
#include <gpiod.h>
#include <stddef.h>
#include <stdlib.h>

#define LINTEL_GPIO_OUTPUT 1 /* off at first */
#define LINTEL_GPIO_EDGES 2  /* an input whose edges are told; some chips cannot (ENXIO and others) */
#define LINTEL_GPIO_ACTIVE_LOW 4
#define LINTEL_GPIO_PULL_UP 8
#define LINTEL_GPIO_PULL_DOWN 16

/* The number that a text is, or -1. */
static inline long lintel_gpio_number(const char *text) {
  char *end;
  long number = strtol(text, &end, 10);
  return *text && !*end && number >= 0 ? number : -1;
}

/* The functions, for a `struct lintel_gpio` that is all zeros at first:

   find        a line by its number on a chip (gpiochip0 if none is named), or by its name on that or any chip; a chip
               by its path, name, number or label
   request     takes the line that was found; the kernel debounces it, where `debounces` says so
   holder      who had the line when it was found, or NULL
   descriptor  of a line with EDGES: can be read from when there was one
   take_edges  of a line with EDGES, what was seen since the last call: -1 and errno, 0 none, 1 some; it does not wait
   get, set    -1 and errno, or whether it is on
   close       gives back whatever is had */
#ifdef GPIOD_LINE_BULK_MAX_LINES
#include "libgpiod1.h"
#else
#include "libgpiod2.h"
#endif
