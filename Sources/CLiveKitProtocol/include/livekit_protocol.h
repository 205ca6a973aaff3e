// The door of this folder: the generated messages, and what Swift cannot reach of nanopb because it is a macro.
#pragma once
// Debian builds its nanopb with allocation; without this the header would make pb_release do nothing.
#define PB_ENABLE_MALLOC 1
#include <pb.h>
#include <pb_decode.h>
#include <pb_encode.h>

#include "livekit_data.pb.h"
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
LINTEL_MESSAGE(RegionInfo)
LINTEL_MESSAGE(SpeakerInfo)
LINTEL_MESSAGE(ConnectionQualityInfo)
LINTEL_MESSAGE(DataPacket)
LINTEL_MESSAGE(TranscriptionSegment)

// The number of bytes written to `buffer`, or 0 if it is too small. A null buffer only counts.
#define LINTEL_ENCODER(NAME)                                                                    \
  static inline size_t lintel_encode_##NAME(                                                    \
    const livekit_##NAME *message, uint8_t *buffer, size_t capacity) {                          \
    pb_ostream_t counting = PB_OSTREAM_SIZING;                                                  \
    pb_ostream_t writing = pb_ostream_from_buffer(buffer, capacity);                            \
    pb_ostream_t *stream = buffer ? &writing : &counting;                                       \
    return pb_encode(stream, livekit_##NAME##_fields, message) ? stream->bytes_written : 0;     \
  }

LINTEL_ENCODER(SignalRequest)
LINTEL_ENCODER(JoinRequest)
LINTEL_ENCODER(WrappedJoinRequest)
LINTEL_ENCODER(DataPacket)

// One entry of a repeated field. The entries of all maps from string to string have the same two fields.
#define LINTEL_ENTRY(NAME, MESSAGE)                                                             \
  static inline bool lintel_write_##NAME(                                                       \
    pb_ostream_t *stream, const pb_field_t *field, const livekit_##MESSAGE *entry) {            \
    return pb_encode_tag_for_field(stream, field) &&                                            \
           pb_encode_submessage(stream, livekit_##MESSAGE##_fields, entry);                     \
  }

LINTEL_ENTRY(AttributesEntry, ParticipantInfo_AttributesEntry)
LINTEL_ENTRY(TranscriptionSegment, TranscriptionSegment)
LINTEL_ENTRY(TrackPublishedResponse, TrackPublishedResponse)
LINTEL_ENTRY(DataChannelInfo, DataChannelInfo)
LINTEL_ENTRY(DataChannelReceiveState, DataChannelReceiveState)
