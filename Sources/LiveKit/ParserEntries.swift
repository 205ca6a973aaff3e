import Base

/// The parsers of this room that are not public, for the fuzzer of this package.
package enum ParserEntries {
  /// Whether the bytes are a message of the server within default limits.
  package static func signalResponse(_ bytes: [UInt8]) -> Bool {
    var dropped = 0
    var refused = 0
    return SignalDecoder.decode(bytes, limits: Limits(), dropped: &dropped, refused: &refused) != nil
  }

  /// Whether what is read is written and read again as the same.
  package static func candidateInit(_ bytes: [UInt8]) -> Bool {
    guard let read = CandidateInit(json: String(decoding: bytes, as: UTF8.self)) else { return true }
    return CandidateInit(json: read.json) == read
  }

  package static func serverURL(_ bytes: [UInt8]) -> Bool {
    guard let url = try? ServerURL(String(decoding: bytes, as: UTF8.self)) else { return false }
    return !url.signal(productVersion: "1").isEmpty
  }

  package static func stunURL(_ bytes: [UInt8]) -> Bool {
    ICEServerAddress(String(decoding: bytes, as: UTF8.self)) != nil
  }

  /// Whether what is read is the same after writing and reading it again.
  package static func dataPacket(_ bytes: [UInt8]) -> Bool {
    var dropped = 0
    guard let read = DataPacketDecoder.decode(bytes, limits: Limits(), dropped: &dropped) else { return true }
    let written = read.encoded(lossy: false)
    guard written.count <= Limits().dataMessageReceivedBytesMax else { return true }
    return DataPacketDecoder.decode(written, limits: Limits(), dropped: &dropped) == read
  }
}
