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
    guard let object = JSONObject(Array(json.utf8)), let candidate = object.text("candidate") else {
      return nil
    }
    self.candidate = candidate
    mid = object.text("sdpMid") ?? ""
    sectionIndex = Int(clamping: object.integer("sdpMLineIndex") ?? 0)
  }

  var json: String {
    let writer = JSONWriter()
    writer.set("candidate", candidate)
    writer.set("sdpMid", mid)
    writer.set("sdpMLineIndex", Int64(sectionIndex))
    return writer.text
  }
}
