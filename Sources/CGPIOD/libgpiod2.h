/* Included by shim.h, which says what the functions are for. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

struct lintel_gpio {
  struct gpiod_chip *chip;
  struct gpiod_line_info *info;
  struct gpiod_line_request *request;
  struct gpiod_edge_event_buffer *edges;
  unsigned int offset;
};

static inline int lintel_gpio_debounces(void) { return 1; }

static inline void lintel_gpio_close(struct lintel_gpio *gpio) {
  if (gpio->edges) gpiod_edge_event_buffer_free(gpio->edges);
  if (gpio->request) gpiod_line_request_release(gpio->request);
  if (gpio->info) gpiod_line_info_free(gpio->info);
  if (gpio->chip) gpiod_chip_close(gpio->chip);
  memset(gpio, 0, sizeof *gpio);
}

/* The line on the chip that is open. */
static inline int lintel_gpio_find_on_chip(struct lintel_gpio *gpio, const char *name) {
  long number = lintel_gpio_number(name);
  int offset = number < 0 ? gpiod_chip_get_line_offset_from_name(gpio->chip, name) : (int)number;
  if (offset < 0) return errno;
  gpio->offset = (unsigned int)offset;
  gpio->info = gpiod_chip_get_line_info(gpio->chip, gpio->offset);
  /* EINVAL: beyond the chip's last line. */
  return gpio->info ? 0 : errno == EINVAL ? ENOENT : errno;
}

static inline int lintel_gpio_has_label(const struct lintel_gpio *gpio, const char *label) {
  struct gpiod_chip_info *info = gpiod_chip_get_info(gpio->chip);
  int same = info && strcmp(gpiod_chip_info_get_label(info), label) == 0;
  if (info) gpiod_chip_info_free(info);
  return same;
}

/* All chips are looked at: for the one with a label, or for the name of a line. */
static inline int lintel_gpio_search(struct lintel_gpio *gpio, const char *label, const char *name) {
  int code = ENOENT;
  struct dirent *entry;
  char path[32];
  DIR *devices = opendir("/dev");
  if (!devices) return errno;
  while ((entry = readdir(devices))) {
    if (strncmp(entry->d_name, "gpiochip", 8) != 0 || strlen(entry->d_name) > 20) continue;
    snprintf(path, sizeof path, "/dev/%s", entry->d_name);
    int found = ENOENT;
    if (!(gpio->chip = gpiod_chip_open(path)))
      found = errno;
    else if (!label || lintel_gpio_has_label(gpio, label))
      found = lintel_gpio_find_on_chip(gpio, name);
    if (!found) {
      closedir(devices);
      return 0;
    }
    /* A chip that may not be opened may be the one. */
    if (found == EACCES || found == EPERM) code = found;
    lintel_gpio_close(gpio);
  }
  closedir(devices);
  return code;
}

static inline int lintel_gpio_find(struct lintel_gpio *gpio, const char *chip_name, const char *name) {
  char path[64];
  if (!chip_name && lintel_gpio_number(name) < 0) return lintel_gpio_search(gpio, NULL, name);
  if (!chip_name) chip_name = "gpiochip0";
  const char *before = *chip_name == '/' ? "" : lintel_gpio_number(chip_name) >= 0 ? "/dev/gpiochip" : "/dev/";
  if (snprintf(path, sizeof path, "%s%s", before, chip_name) >= (int)sizeof path) return ENOENT;
  if (!(gpio->chip = gpiod_chip_open(path)))
    return *before && errno == ENOENT ? lintel_gpio_search(gpio, chip_name, name) : errno;
  int code = lintel_gpio_find_on_chip(gpio, name);
  if (code) lintel_gpio_close(gpio);
  return code;
}

static inline int lintel_gpio_request(struct lintel_gpio *gpio, const char *consumer, int wanted,
                                      unsigned int debounce_microseconds) {
  struct gpiod_line_settings *settings = gpiod_line_settings_new();
  struct gpiod_line_config *lines = gpiod_line_config_new();
  struct gpiod_request_config *request = gpiod_request_config_new();
  int code = ENOMEM;
  if (settings && lines && request) {
    int is_output = (wanted & LINTEL_GPIO_OUTPUT) != 0;
    gpiod_line_settings_set_direction(settings, is_output ? GPIOD_LINE_DIRECTION_OUTPUT : GPIOD_LINE_DIRECTION_INPUT);
    if (wanted & LINTEL_GPIO_EDGES) gpiod_line_settings_set_edge_detection(settings, GPIOD_LINE_EDGE_BOTH);
    if (wanted & LINTEL_GPIO_PULL_UP) gpiod_line_settings_set_bias(settings, GPIOD_LINE_BIAS_PULL_UP);
    if (wanted & LINTEL_GPIO_PULL_DOWN) gpiod_line_settings_set_bias(settings, GPIOD_LINE_BIAS_PULL_DOWN);
    gpiod_line_settings_set_active_low(settings, (wanted & LINTEL_GPIO_ACTIVE_LOW) != 0);
    gpiod_line_settings_set_debounce_period_us(settings, debounce_microseconds);
    gpiod_request_config_set_consumer(request, consumer);
    if (wanted & LINTEL_GPIO_EDGES && !gpio->edges) gpio->edges = gpiod_edge_event_buffer_new(16);
    if (gpiod_line_config_add_line_settings(lines, &gpio->offset, 1, settings) == 0 &&
        (gpio->edges || !(wanted & LINTEL_GPIO_EDGES)))
      gpio->request = gpiod_chip_request_lines(gpio->chip, request, lines);
    code = gpio->request ? 0 : errno;
  }
  if (request) gpiod_request_config_free(request);
  if (lines) gpiod_line_config_free(lines);
  if (settings) gpiod_line_settings_free(settings);
  return code;
}

static inline const char *lintel_gpio_holder(const struct lintel_gpio *gpio) {
  return gpiod_line_info_get_consumer(gpio->info);
}
static inline int lintel_gpio_descriptor(const struct lintel_gpio *gpio) {
  return gpiod_line_request_get_fd(gpio->request);
}
static inline int lintel_gpio_get(const struct lintel_gpio *gpio) {
  return gpiod_line_request_get_value(gpio->request, gpio->offset);
}
static inline int lintel_gpio_set(const struct lintel_gpio *gpio, int on) {
  return gpiod_line_request_set_value(gpio->request, gpio->offset,
                                      on ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE);
}

static inline int lintel_gpio_take_edges(const struct lintel_gpio *gpio) {
  int edges = gpiod_line_request_wait_edge_events(gpio->request, 0);
  if (edges <= 0) return edges;
  return gpiod_line_request_read_edge_events(gpio->request, gpio->edges, 16) < 0 ? -1 : 1;
}
