import Base
import CLiveKitProtocol

/// What the URL of the WebSocket holds where one peer connection carries everything: all that the server needs to
/// answer at once, the first offer and the tracks in it included.
struct JoinRequest {
  var productVersion: String
  /// The session that goes on, and why it was interrupted.
  var resuming: (sid: Name, reason: Resume.Reason)?
  var tracks: [SignalRequest.AddTrack] = []
  var offer: SessionDescription?

  /// A WrappedJoinRequest in base64url, with padding, without which the server refuses it. Not compressed: an offer of
  /// sound alone is short.
  var encoded: String {
    let strings = CStrings()
    var wrapped = livekit_WrappedJoinRequest()
    strings.write(message, into: &wrapped.join_request)
    return Base64.encode(strings.encode(&wrapped, lintel_encode_WrappedJoinRequest), urlSafe: true)
  }

  private var message: [UInt8] {
    let strings = CStrings()
    var raw = livekit_JoinRequest()
    raw.has_client_info = true
    raw.client_info.sdk = livekit_ClientInfo_SDK_CPP
    raw.client_info.version = strings.borrow(productVersion)
    raw.client_info.protocol = Int32(ServerURL.signalProtocol)
    raw.client_info.os = strings.borrow("linux")
    raw.has_connection_settings = true
    // Nobody's name is known before the join, and asking afterwards costs a round trip.
    raw.connection_settings.auto_subscribe = true
    if let resuming {
      raw.reconnect = true
      raw.reconnect_reason = livekit_ReconnectReason(UInt32(resuming.reason.rawValue))
      strings.write(resuming.sid, into: &raw.participant_sid)
    }
    if let offer {
      raw.has_publisher_offer = true
      raw.publisher_offer = offer.raw(type: "offer", strings)
    }
    var left = tracks[...]
    raw.add_track_requests_count = pb_size_t(tracks.count)
    withUnsafeMutablePointer(to: &raw.add_track_requests) { tuple in
      let capacity = MemoryLayout.size(ofValue: tuple.pointee) / MemoryLayout<livekit_AddTrackRequest>.stride
      tuple.withMemoryRebound(to: livekit_AddTrackRequest.self, capacity: capacity) { entries in
        for index in 0..<capacity {
          guard let track = left.popFirst() else { break }
          track.fill(&entries[index], strings)
        }
      }
    }
    return strings.encode(&raw, lintel_encode_JoinRequest)
  }
}
