// What a card's samples look like. Files have 16 bits; a card may have more of them.
#pragma once
#include <alsa/asoundlib.h>
#include <stdint.h>

// S16_LE, S24_3LE, S32_LE and FLOAT_LE; SND_PCM_FORMAT_UNKNOWN for any other name.
snd_pcm_format_t format_named(const char *name);
void format_encode(snd_pcm_format_t format, const int16_t *from, void *to, size_t samples);
void format_decode(snd_pcm_format_t format, const void *from, int16_t *to, size_t samples);
