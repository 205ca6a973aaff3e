#pragma once
#include <alsa/asoundlib.h>

/* The library writes a dozen lines on standard error for each device that does not open, which is tried again and
   again; whoever opens it has the error code and says in one line what it means. */
static inline void lintel_alsa_says_nothing(const char *file, int line, const char *function, int error,
                                            const char *format, ...) {
  (void)file, (void)line, (void)function, (void)error, (void)format;
}
static inline void lintel_quiet_alsa(void) { snd_lib_error_set_handler(lintel_alsa_says_nothing); }

/* Moves all channels of a card's simple element to `percent` of their range, and unmutes them. 0, or a negative error:
   -ENXIO if there is no such volume. The card is opened for this alone, so that it may come and go. */
static inline int lintel_set_mixer(const char *card, const char *element, int percent) {
  snd_mixer_t *mixer = NULL;
  snd_mixer_selem_id_t *id = NULL;
  snd_mixer_elem_t *control = NULL;
  int code = snd_mixer_open(&mixer, 0);
  if (code < 0) return code;
  if ((code = snd_mixer_attach(mixer, card)) >= 0 && (code = snd_mixer_selem_register(mixer, NULL, NULL)) >= 0 &&
      (code = snd_mixer_load(mixer)) >= 0 && (code = snd_mixer_selem_id_malloc(&id)) >= 0) {
    snd_mixer_selem_id_set_name(id, element);
    control = snd_mixer_find_selem(mixer, id);
    code = control && snd_mixer_selem_has_playback_volume(control) ? 0 : -ENXIO;
    snd_mixer_selem_id_free(id);
  }
  if (code >= 0) {
    long least = 0, most = 0;
    snd_mixer_selem_get_playback_volume_range(control, &least, &most);
    code = snd_mixer_selem_set_playback_volume_all(control, least + (most - least) * percent / 100);
    if (code >= 0 && snd_mixer_selem_has_playback_switch(control))
      code = snd_mixer_selem_set_playback_switch_all(control, 1);
  }
  snd_mixer_close(mixer);
  return code;
}
