// The functions of SpeexDSP's noise suppression and gain, for a program that is counted without them: nobody may get
// here. SpeexDSP itself is linked into linteld.
#include <speex/speex_preprocess.h>
#include <stdlib.h>

SpeexPreprocessState *speex_preprocess_state_init(int frame, int rate) { (void)frame, (void)rate, abort(); }
void speex_preprocess_state_destroy(SpeexPreprocessState *state) { (void)state, abort(); }
int speex_preprocess_run(SpeexPreprocessState *state, spx_int16_t *samples) { (void)state, (void)samples, abort(); }
int speex_preprocess_ctl(SpeexPreprocessState *state, int request, void *value) {
  (void)state, (void)request, (void)value, abort();
}
