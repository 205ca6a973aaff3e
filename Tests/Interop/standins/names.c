// A name server for one program: a file has a line for each name, "NAME ADDRESS", "NAME unknown" or "NAME silent", and is
// read anew at each look-up. Names that are not in it are looked up as ever; an absent file knows none.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// As long as the C library waits for one server that says nothing.
enum { SILENCE_TENTHS = 100 };

static int entry(const char *name, char *what) {
  const char *path = getenv("LINTEL_NAMES");
  FILE *file = path ? fopen(path, "re") : NULL;
  char known[256];
  int found = 0;
  if (!file) return 0;
  while (!found && fscanf(file, "%255s %63s", known, what) == 2) found = strcasecmp(known, name) == 0;
  fclose(file);
  return found;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **list) {
  static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
  if (!real) real = dlsym(RTLD_NEXT, "getaddrinfo");
  char what[64];
  if (!name || !entry(name, what)) return real(name, service, hints, list);
  for (int tenth = 0; strcmp(what, "silent") == 0; tenth++) {
    if (tenth == SILENCE_TENTHS) return EAI_AGAIN;
    usleep(100000);
    if (!entry(name, what)) return EAI_NONAME;
  }
  return strcmp(what, "unknown") == 0 ? EAI_NONAME : real(what, service, hints, list);
}
