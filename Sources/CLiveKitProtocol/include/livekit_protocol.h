// The door of this folder: the generated messages, and what Swift cannot reach of nanopb because it is a macro.
#pragma once
// Debian builds its nanopb with allocation; without this the header would make pb_release do nothing.
#define PB_ENABLE_MALLOC 1
#include <pb.h>
#include <pb_decode.h>
#include <pb_encode.h>

#include "livekit_models.pb.h"
#include "livekit_rtc.pb.h"

// Decoders of one message each, and the release of what they allocated (after success only).
#define LINTEL_MESSAGE(NAME)                                                                    \
  static inline bool lintel_decode_##NAME(pb_istream_t *stream, livekit_##NAME *message) {      \
    return pb_decode(stream, livekit_##NAME##_fields, message);                                 \
  }                                                                                             \
  static inline void lintel_release_##NAME(livekit_##NAME *message) {                           \
    pb_release(livekit_##NAME##_fields, message);                                               \
  }

LINTEL_MESSAGE(SignalResponse)
LINTEL_MESSAGE(ParticipantInfo)
LINTEL_MESSAGE(ParticipantInfo_AttributesEntry)
LINTEL_MESSAGE(TrackInfo)
LINTEL_MESSAGE(ICEServer)
LINTEL_MESSAGE(SpeakerInfo)
LINTEL_MESSAGE(ConnectionQualityInfo)

// The number of bytes written to `buffer`, or 0 if it is too small. A null buffer only counts.
static inline size_t lintel_encode_SignalRequest(
  const livekit_SignalRequest *message, uint8_t *buffer, size_t capacity) {
  pb_ostream_t counting = PB_OSTREAM_SIZING;
  pb_ostream_t writing = pb_ostream_from_buffer(buffer, capacity);
  pb_ostream_t *stream = buffer ? &writing : &counting;
  return pb_encode(stream, livekit_SignalRequest_fields, message) ? stream->bytes_written : 0;
}
