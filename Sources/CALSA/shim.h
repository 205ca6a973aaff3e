#pragma once
#include <alsa/asoundlib.h>

/* The library writes a dozen lines on standard error for each device that does not open, which is tried again and
   again; whoever opens it has the error code and says in one line what it means. */
static inline void lintel_alsa_says_nothing(const char *file, int line, const char *function, int error,
                                            const char *format, ...) {
  (void)file, (void)line, (void)function, (void)error, (void)format;
}
static inline void lintel_quiet_alsa(void) { snd_lib_error_set_handler(lintel_alsa_says_nothing); }
