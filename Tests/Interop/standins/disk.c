// A disk that does not answer one program: while the file that LINTEL_DISK names is there, nothing that the program
// writes gets onto the medium, and whoever waits for that waits.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int fsync(int descriptor) {
  static int (*real)(int);
  if (!real) real = dlsym(RTLD_NEXT, "fsync");
  const char *path = getenv("LINTEL_DISK");
  struct timespec pause = {.tv_nsec = 10000000};
  while (path && access(path, F_OK) == 0) nanosleep(&pause, NULL);
  return real(descriptor);
}
