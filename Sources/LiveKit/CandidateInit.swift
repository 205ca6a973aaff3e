import JSON

/// The JSON that trickle ICE carries through the signalling (RTCIceCandidateInit).
struct CandidateInit: Equatable {
  /// `candidate:...`; empty at the end of candidates.
  var candidate: String
  var mid: String
  var sectionIndex: Int

  init(candidate: String, mid: String, sectionIndex: Int) {
    self.candidate = candidate
    self.mid = mid
    self.sectionIndex = sectionIndex
  }

  /// nil unless it is a JSON object with a `candidate` in it.
  init?(json: String) {
    guard let object = try? JSONValue.parse(Array(json.utf8), lastCounts: true),
      let candidate = object["candidate"].string
    else { return nil }
    self.candidate = candidate
    mid = object["sdpMid"].string ?? ""
    sectionIndex = Int(clamping: object["sdpMLineIndex"].integer ?? 0)
  }

  var json: String {
    JSONValue.object([
      .init("candidate", .string(candidate)), .init("sdpMid", .string(mid)),
      .init("sdpMLineIndex", .number(sectionIndex)),
    ]).text
  }
}
