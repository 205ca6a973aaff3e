// The way from a simulated speaker back into a simulated microphone of the same process: loudspeaker, room, delay.
#pragma once
#include "card.h"

// A speaker was started: from now on its frame `moved` is heard when its clock has come so far.
void echo_started(struct card *speaker);
void echo_stopped(struct card *speaker);
// What was written to the speaker, beginning with frame `at` since it was prepared; the first channel is heard.
void echo_play(struct card *speaker, uint64_t at, const int16_t *from, snd_pcm_uframes_t frames);
// Adds what the microphone hears of it from frame `at` since its start on, into every channel, if its control file says
// so and both run at one rate.
void echo_hear(struct card *microphone, uint64_t at, int16_t *to, snd_pcm_uframes_t frames);
