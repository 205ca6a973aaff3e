// Input devices (evdev), whose requests are macros over variadic functions, and the small files of sysfs.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/// Opens for reading, without ever waiting.
static inline int lintel_open_input(const char *path) { return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); }

/// Whether a device that gives itself `name` and is plugged in at `place` is the one that is `wanted`: either of both, or
/// `Name,1` for the second one of a name. `seen` counts those of that name, and is 0 at first.
static inline int lintel_is_input(const char *wanted, const char *name, const char *place, unsigned long *seen) {
  if (strcmp(name, wanted) == 0 || strcmp(place, wanted) == 0) return 1;
  const char *comma = strrchr(wanted, ',');
  if (!comma || !comma[1] || comma[1 + strspn(comma + 1, "0123456789")]) return 0;
  size_t length = (size_t)(comma - wanted);
  return strlen(name) == length && strncmp(name, wanted, length) == 0 && (*seen)++ == strtoul(comma + 1, NULL, 10);
}

/// Opens the device of `folder` that gives itself that name (`Name,1` is the second one of a name) or that is plugged
/// in there (such as usb-0000:01:00.0-1.2/input0); -1 and errno if there is none among the first `most`.
static inline int lintel_find_input(const char *folder, const char *name, int most) {
  int refusal = ENOENT;
  unsigned long seen = 0;
  for (int number = 0; number < most; number++) {
    char path[512], found[256] = "", place[256] = "";
    snprintf(path, sizeof path, "%s/event%d", folder, number);
    int descriptor = lintel_open_input(path);
    if (descriptor < 0) {
      if (errno == EACCES) refusal = EACCES;
      continue;
    }
    ioctl(descriptor, EVIOCGNAME(sizeof found - 1), found);
    ioctl(descriptor, EVIOCGPHYS(sizeof place - 1), place);
    if (lintel_is_input(name, found, place, &seen)) return descriptor;
    close(descriptor);
  }
  errno = refusal;
  return -1;
}

/// Keeps the device's keys from everybody else, such as a console that would take them for typing. 0, or the errno:
/// ENOTTY for what is no input device. A pipe stands in for one: whoever writes struct input_event into it.
static inline int lintel_grab_input(int descriptor) {
  struct stat information;
  if (fstat(descriptor, &information) == 0 && S_ISFIFO(information.st_mode)) return 0;
  if (ioctl(descriptor, EVIOCGRAB, 1) == 0) return 0;
  return errno == EINVAL ? ENOTTY : errno;
}

/// Writes into a file of sysfs, which has to be there. 0, or the errno.
static inline int lintel_write_attribute(const char *path, const void *bytes, size_t count) {
  int descriptor = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
  if (descriptor < 0) return errno;
  int code = write(descriptor, bytes, count) < 0 ? errno : 0;
  close(descriptor);
  return code;
}

/// Reads one: how many bytes, 0 if there is none.
static inline size_t lintel_read_attribute(const char *path, void *bytes, size_t count) {
  int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return 0;
  ssize_t got = read(descriptor, bytes, count);
  close(descriptor);
  return got > 0 ? (size_t)got : 0;
}
