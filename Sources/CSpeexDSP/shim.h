// SpeexDSP's preprocessor; its control calls are plain functions, which Swift can call.
#pragma once
#include <speex/speex_preprocess.h>
