// The echo canceller's functions, for a program that is counted without it: nobody may get here. SpeexDSP itself is
// linked into linteld.
#include <speex/speex_echo.h>
#include <speex/speex_preprocess.h>
#include <stdlib.h>

SpeexEchoState *speex_echo_state_init(int frame, int tail) { (void)frame, (void)tail, abort(); }
void speex_echo_state_destroy(SpeexEchoState *state) { (void)state, abort(); }
void speex_echo_state_reset(SpeexEchoState *state) { (void)state, abort(); }
int speex_echo_ctl(SpeexEchoState *state, int request, void *value) { (void)state, (void)request, (void)value, abort(); }
void speex_echo_cancellation(
    SpeexEchoState *state, const spx_int16_t *heard, const spx_int16_t *played, spx_int16_t *out) {
  (void)state, (void)heard, (void)played, (void)out, abort();
}
SpeexPreprocessState *speex_preprocess_state_init(int frame, int rate) { (void)frame, (void)rate, abort(); }
void speex_preprocess_state_destroy(SpeexPreprocessState *state) { (void)state, abort(); }
int speex_preprocess_run(SpeexPreprocessState *state, spx_int16_t *samples) { (void)state, (void)samples, abort(); }
int speex_preprocess_ctl(SpeexPreprocessState *state, int request, void *value) {
  (void)state, (void)request, (void)value, abort();
}
