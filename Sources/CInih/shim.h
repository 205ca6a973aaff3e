// inih parses one "[section]", "name = value" or comment line after the other.
#pragma once
#include <ini.h>

/// Sets the longest line in bytes for the whole process; to be called once, before the first parse. Debian builds
/// the library so that these are variables: the line buffer then comes from the heap instead of 200 bytes of stack.
/// A line that begins with a blank is a line of its own, not the continuation of the one before.
static inline void lintel_ini_configure(int line_bytes) {
  ini_use_stack = false;
  ini_allow_realloc = false;
  ini_max_line = line_bytes + 3;
  ini_initial_alloc = line_bytes + 3;
  ini_allow_multiline = false;
}
