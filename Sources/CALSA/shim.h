#pragma once
#include <alsa/asoundlib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The library writes a dozen lines on standard error for each device that does not open, which is tried again and
   again; whoever opens it has the error code and says in one line what it means. */
static inline void lintel_alsa_says_nothing(const char *file, int line, const char *function, int error,
                                            const char *format, ...) {
  (void)file, (void)line, (void)function, (void)error, (void)format;
}
static inline void lintel_quiet_alsa(void) { snd_lib_error_set_handler(lintel_alsa_says_nothing); }

/* Where `percent` of a volume lies between two gains in hundredths of a decibel, on the scale of alsamixer, which is
   that of the ear: half is 60 dB * log10(2) = 18 dB below the top. A range of 24 dB and less is even in decibels. A
   card whose lowest step is silence (SND_CTL_TLV_DB_GAIN_MUTE) goes down to that; its 0 is not asked for here. */
static inline long lintel_volume_gain(int percent, long least, long most) {
  if (most - least <= 2400) return least + lround((most - least) * percent / 100.0);
  double lowest = least == SND_CTL_TLV_DB_GAIN_MUTE ? 0 : pow(10, (least - most) / 6000.0);
  return most + lround(6000 * log10(lowest + (1 - lowest) * percent / 100.0));
}

/* Moves all channels of a card's simple element (`Speaker`, or `Speaker,1` for the second one of that name) to
   `percent` of its range as alsamixer shows it, and unmutes them. 0, or a negative error: -ENXIO if there is no such
   volume. The card is opened for this alone, so that it may come and go. */
static inline int lintel_set_mixer(const char *card, const char *element, int percent) {
  snd_mixer_t *mixer = NULL;
  snd_mixer_selem_id_t *id = NULL;
  snd_mixer_elem_t *control = NULL;
  char name[128];
  snprintf(name, sizeof name, "%s", element);
  char *comma = strrchr(name, ','), *end = NULL;
  unsigned long index = comma ? strtoul(comma + 1, &end, 10) : 0;
  if (comma && end > comma + 1 && !*end) *comma = 0;
  else index = 0;
  int code = snd_mixer_open(&mixer, 0);
  if (code < 0) return code;
  if ((code = snd_mixer_attach(mixer, card)) >= 0 && (code = snd_mixer_selem_register(mixer, NULL, NULL)) >= 0 &&
      (code = snd_mixer_load(mixer)) >= 0 && (code = snd_mixer_selem_id_malloc(&id)) >= 0) {
    snd_mixer_selem_id_set_name(id, name);
    snd_mixer_selem_id_set_index(id, (unsigned int)index);
    control = snd_mixer_find_selem(mixer, id);
    code = control && snd_mixer_selem_has_playback_volume(control) ? 0 : -ENXIO;
    snd_mixer_selem_id_free(id);
  }
  if (code >= 0) {
    long least = 0, most = 0;
    int has_gains = snd_mixer_selem_get_playback_dB_range(control, &least, &most) >= 0 && least < most;
    if (percent > 0 && has_gains) {
      code = snd_mixer_selem_set_playback_dB_all(control, lintel_volume_gain(percent, least, most), 0);
    } else {
      snd_mixer_selem_get_playback_volume_range(control, &least, &most);
      code = snd_mixer_selem_set_playback_volume_all(control, least + (most - least) * percent / 100);
    }
    if (code >= 0 && snd_mixer_selem_has_playback_switch(control))
      code = snd_mixer_selem_set_playback_switch_all(control, 1);
  }
  snd_mixer_close(mixer);
  return code;
}
