// jansson reads and writes JSON.
#pragma once
#include <jansson.h>

/// The words of an error, which Swift would import as a tuple of 160 characters.
static inline const char *lintel_json_error_text(const json_error_t *error) { return error->text; }
