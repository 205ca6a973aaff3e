/* Included by shim.h, which says what the functions are for. */
struct lintel_gpio {
  struct gpiod_line *line;
};

static inline int lintel_gpio_debounces(void) { return 0; }

static inline int lintel_gpio_find(struct lintel_gpio *gpio, const char *chip_name, const char *name) {
  long number = lintel_gpio_number(name);
  if (number < 0 && !chip_name) return (gpio->line = gpiod_line_find(name)) ? 0 : errno;
  struct gpiod_chip *chip = gpiod_chip_open_lookup(chip_name ? chip_name : "gpiochip0");
  if (!chip) return errno;
  gpio->line = number < 0 ? gpiod_chip_find_line(chip, name) : gpiod_chip_get_line(chip, (unsigned int)number);
  if (gpio->line) return 0;
  /* EINVAL: beyond the chip's last line. */
  int code = errno == EINVAL ? ENOENT : errno;
  gpiod_chip_close(chip);
  return code;
}

static inline int lintel_gpio_request(struct lintel_gpio *gpio, const char *consumer, int wanted,
                                      unsigned int debounce_microseconds) {
  int flags = 0;
  (void)debounce_microseconds;
  if (wanted & LINTEL_GPIO_ACTIVE_LOW) flags |= GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW;
  if (wanted & LINTEL_GPIO_PULL_UP) flags |= GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_UP;
  if (wanted & LINTEL_GPIO_PULL_DOWN) flags |= GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_DOWN;
  int failed = wanted & LINTEL_GPIO_OUTPUT  ? gpiod_line_request_output_flags(gpio->line, consumer, flags, 0)
               : wanted & LINTEL_GPIO_EDGES ? gpiod_line_request_both_edges_events_flags(gpio->line, consumer, flags)
                                            : gpiod_line_request_input_flags(gpio->line, consumer, flags);
  return failed ? errno : 0;
}

static inline const char *lintel_gpio_holder(const struct lintel_gpio *gpio) { return gpiod_line_consumer(gpio->line); }
static inline int lintel_gpio_descriptor(const struct lintel_gpio *gpio) { return gpiod_line_event_get_fd(gpio->line); }
static inline int lintel_gpio_get(const struct lintel_gpio *gpio) { return gpiod_line_get_value(gpio->line); }
static inline int lintel_gpio_set(const struct lintel_gpio *gpio, int on) {
  return gpiod_line_set_value(gpio->line, on);
}

static inline int lintel_gpio_take_edges(const struct lintel_gpio *gpio) {
  const struct timespec at_once = {0, 0};
  struct gpiod_line_event events[16];
  int edges = gpiod_line_event_wait(gpio->line, &at_once);
  if (edges <= 0) return edges;
  return gpiod_line_event_read_multiple(gpio->line, events, 16) < 0 ? -1 : 1;
}

static inline void lintel_gpio_close(struct lintel_gpio *gpio) {
  if (!gpio->line) return;
  gpiod_line_release(gpio->line);
  gpiod_line_close_chip(gpio->line);
  gpio->line = NULL;
}
