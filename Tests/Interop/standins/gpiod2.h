// libgpiod 2 for gpiod.c, which includes this where that is what is installed. Debouncing is the kernel's there: an
// edge is told, and the level is what it was, until the pin was quiet for as long as was asked.
#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>

struct gpiod_chip_info {
  char label[64];
};
struct gpiod_line_info {
  char consumer[64];
};
struct gpiod_line_settings {
  int is_output, edges, low, debounce_milliseconds;
  enum gpiod_line_bias bias;
};
struct gpiod_line_config {
  unsigned int offset;
  struct gpiod_line_settings settings;
};
struct gpiod_request_config {
  char consumer[64];
};
struct gpiod_edge_event_buffer {
  int unused;
};
struct gpiod_line_request {
  char folder[600];
  struct gpiod_line_settings settings;
  // The pin's own edges; what is told of them: the same, or a pipe that the debouncing thread writes.
  int pin, told[2];
  int quiet_level;
  pthread_t debouncing;
};

// The chips are what lies in /dev.
DIR *opendir(const char *name) {
  DIR *(*real)(const char *) = (DIR * (*)(const char *)) dlsym(RTLD_NEXT, "opendir");
  return real(strcmp(name, "/dev") == 0 ? getenv("LINTEL_GPIO") : name);
}

struct gpiod_chip *gpiod_chip_open(const char *device) {
  const char *name = strrchr(device, '/');
  struct gpiod_chip *chip = calloc(1, sizeof *chip);
  snprintf(chip->folder, sizeof chip->folder, "%s/%s", getenv("LINTEL_GPIO"), name ? name + 1 : device);
  errno = !exists(chip->folder, ".") ? ENOENT : exists(chip->folder, "denied") ? EACCES : 0;
  if (!errno) return chip;
  int code = errno;
  free(chip);
  errno = code;
  return NULL;
}
void gpiod_chip_close(struct gpiod_chip *chip) { free(chip); }
struct gpiod_chip_info *gpiod_chip_get_info(struct gpiod_chip *chip) {
  struct gpiod_chip_info *info = calloc(1, sizeof *info);
  text(chip->folder, "label", info->label, sizeof info->label);
  return info;
}
const char *gpiod_chip_info_get_label(struct gpiod_chip_info *info) { return info->label; }
void gpiod_chip_info_free(struct gpiod_chip_info *info) { free(info); }

static void line_folder(const struct gpiod_chip *chip, unsigned int offset, char *folder) {
  snprintf(folder, 600, "%s/%u", chip->folder, offset);
}
int gpiod_chip_get_line_offset_from_name(struct gpiod_chip *chip, const char *name) {
  for (unsigned int offset = 0; offset < 64; offset++) {
    char folder[600], found[64] = "";
    line_folder(chip, offset, folder);
    if (text(folder, "name", found, sizeof found) == 0 && strcmp(found, name) == 0) return (int)offset;
  }
  errno = ENOENT;
  return -1;
}
struct gpiod_line_info *gpiod_chip_get_line_info(struct gpiod_chip *chip, unsigned int offset) {
  char folder[600];
  line_folder(chip, offset, folder);
  if (!exists(folder, ".")) {
    errno = EINVAL;
    return NULL;
  }
  struct gpiod_line_info *info = calloc(1, sizeof *info);
  text(folder, "busy", info->consumer, sizeof info->consumer);
  return info;
}
const char *gpiod_line_info_get_consumer(struct gpiod_line_info *info) {
  return info->consumer[0] ? info->consumer : NULL;
}
void gpiod_line_info_free(struct gpiod_line_info *info) { free(info); }

struct gpiod_line_settings *gpiod_line_settings_new(void) { return calloc(1, sizeof(struct gpiod_line_settings)); }
void gpiod_line_settings_free(struct gpiod_line_settings *settings) { free(settings); }
int gpiod_line_settings_set_direction(struct gpiod_line_settings *settings, enum gpiod_line_direction direction) {
  settings->is_output = direction == GPIOD_LINE_DIRECTION_OUTPUT;
  return 0;
}
int gpiod_line_settings_set_edge_detection(struct gpiod_line_settings *settings, enum gpiod_line_edge edge) {
  settings->edges = edge == GPIOD_LINE_EDGE_BOTH;
  return 0;
}
int gpiod_line_settings_set_bias(struct gpiod_line_settings *settings, enum gpiod_line_bias bias) {
  settings->bias = bias;
  return 0;
}
void gpiod_line_settings_set_active_low(struct gpiod_line_settings *settings, bool low) { settings->low = low; }
void gpiod_line_settings_set_debounce_period_us(struct gpiod_line_settings *settings, unsigned long period) {
  settings->debounce_milliseconds = (int)(period / 1000);
}
struct gpiod_line_config *gpiod_line_config_new(void) { return calloc(1, sizeof(struct gpiod_line_config)); }
void gpiod_line_config_free(struct gpiod_line_config *config) { free(config); }
int gpiod_line_config_add_line_settings(struct gpiod_line_config *config, const unsigned int *offsets, size_t count,
                                        struct gpiod_line_settings *settings) {
  if (count != 1) abort();
  config->offset = *offsets;
  config->settings = *settings;
  return 0;
}
struct gpiod_request_config *gpiod_request_config_new(void) { return calloc(1, sizeof(struct gpiod_request_config)); }
void gpiod_request_config_free(struct gpiod_request_config *config) { free(config); }
void gpiod_request_config_set_consumer(struct gpiod_request_config *config, const char *consumer) {
  snprintf(config->consumer, sizeof config->consumer, "%s", consumer);
}
struct gpiod_edge_event_buffer *gpiod_edge_event_buffer_new(size_t capacity) {
  (void)capacity;
  return calloc(1, sizeof(struct gpiod_edge_event_buffer));
}
void gpiod_edge_event_buffer_free(struct gpiod_edge_event_buffer *buffer) { free(buffer); }

static int level(const struct gpiod_line_request *request) {
  char value[8];
  if (text(request->folder, "value", value, sizeof value) == 0) return value[0] == '1';
  errno = ENODEV;
  return -1;
}
static void *debounce(void *of) {
  struct gpiod_line_request *request = of;
  struct pollfd pin = {.fd = request->pin, .events = POLLIN};
  char bytes[64];
  for (;;) {
    int quiet_milliseconds = -1;
    while (poll(&pin, 1, quiet_milliseconds) > 0) {
      if (read(request->pin, bytes, sizeof bytes) < 0 && errno != EAGAIN) return NULL;
      quiet_milliseconds = request->settings.debounce_milliseconds;
    }
    int now = level(request);
    if (now >= 0 && now == request->quiet_level) continue;
    if (now >= 0) request->quiet_level = now;
    if (write(request->told[1], "x", 1) < 0) return NULL;
  }
}

struct gpiod_line_request *gpiod_chip_request_lines(struct gpiod_chip *chip, struct gpiod_request_config *config,
                                                    struct gpiod_line_config *lines) {
  struct gpiod_line_request *request = calloc(1, sizeof *request);
  char words[256], room[1024];
  request->settings = lines->settings;
  line_folder(chip, lines->offset, request->folder);
  if (exists(request->folder, "busy")) {
    free(request);
    errno = EBUSY;
    return NULL;
  }
  if (lines->settings.edges && exists(chip->folder, "silent")) {
    free(request);
    errno = ENXIO;
    return NULL;
  }
  snprintf(words, sizeof words, "%s %s%s%s '%s'\n",
           lines->settings.is_output ? "output" : lines->settings.edges ? "input" : "look",
           lines->settings.low ? "low" : "high", lines->settings.bias == GPIOD_LINE_BIAS_PULL_UP ? " up" : "",
           lines->settings.bias == GPIOD_LINE_BIAS_PULL_DOWN ? " down" : "", config->consumer);
  write_text(request->folder, "request", words);
  request->pin = request->told[0] = request->told[1] = -1;
  if (request->settings.is_output) write_text(request->folder, "value", request->settings.low ? "1\n" : "0\n");
  if (request->settings.edges)
    request->pin = request->told[0] = open(path(request->folder, "edge", room), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (request->settings.debounce_milliseconds) {
    request->quiet_level = level(request);
    if (pipe2(request->told, O_NONBLOCK | O_CLOEXEC) < 0) abort();
    pthread_create(&request->debouncing, NULL, debounce, request);
  }
  return request;
}
void gpiod_line_request_release(struct gpiod_line_request *request) {
  char room[1024];
  if (request->settings.debounce_milliseconds) {
    pthread_cancel(request->debouncing);
    pthread_join(request->debouncing, NULL);
    close(request->told[0]);
    close(request->told[1]);
  }
  if (request->pin >= 0) close(request->pin);
  unlink(path(request->folder, "request", room));
  free(request);
}
int gpiod_line_request_get_fd(struct gpiod_line_request *request) { return request->told[0]; }
enum gpiod_line_value gpiod_line_request_get_value(struct gpiod_line_request *request, unsigned int offset) {
  (void)offset;
  if (hangs(request->folder)) return GPIOD_LINE_VALUE_ERROR;
  int now = level(request);
  if (now < 0) return GPIOD_LINE_VALUE_ERROR;
  if (request->settings.debounce_milliseconds) now = request->quiet_level;
  return now ^ request->settings.low ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE;
}
int gpiod_line_request_set_value(struct gpiod_line_request *request, unsigned int offset, enum gpiod_line_value value) {
  (void)offset;
  if (hangs(request->folder) || level(request) < 0) return -1;
  write_text(request->folder, "value", (value == GPIOD_LINE_VALUE_ACTIVE) ^ request->settings.low ? "1\n" : "0\n");
  return 0;
}
int gpiod_line_request_wait_edge_events(struct gpiod_line_request *request, int64_t timeout) {
  (void)timeout;
  struct pollfd waiting = {.fd = request->told[0], .events = POLLIN};
  return poll(&waiting, 1, 0);
}
int gpiod_line_request_read_edge_events(struct gpiod_line_request *request, struct gpiod_edge_event_buffer *buffer,
                                        size_t most) {
  char bytes[16];
  (void)buffer;
  if (level(request) < 0) return -1;
  return (int)read(request->told[0], bytes, most < sizeof bytes ? most : sizeof bytes);
}
