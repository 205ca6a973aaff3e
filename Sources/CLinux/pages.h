#pragma once

/* Gives the code of a loaded library back to the kernel; what is called again is mapped again. Only executable pages,
   which are never written: others may hold relocations that exist nowhere else. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/* Answers how many bytes of addresses were given back; `name` is the beginning of the file's name. */
static inline size_t lintel_release_library_code(const char *name) {
  FILE *maps = fopen("/proc/self/maps", "re");
  char line[512];
  size_t released = 0;
  if (!maps) return 0;
  while (fgets(line, sizeof line, maps)) {
    uintptr_t begin, end;
    char access[5];
    const char *file = strrchr(line, '/');
    if (!file || strncmp(file + 1, name, strlen(name)) != 0) continue;
    if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &begin, &end, access) != 3) continue;
    /* The audio thread calls none of it, so it need not stay locked either. */
    if (strcmp(access, "r-xp") == 0 && munlock((void *)begin, end - begin) == 0 &&
        madvise((void *)begin, end - begin, MADV_DONTNEED) == 0)
      released += end - begin;
  }
  fclose(maps);
  return released;
}
