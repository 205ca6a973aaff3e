import Base

/// A text or byte stream that somebody sends us.
public struct IncomingStream: Equatable, Sendable {
  /// Counts up; never used again by one room object.
  public typealias ID = Int

  public let id: ID
  /// The sender's.
  public let streamID: Name
  public let topic: Name
  public internal(set) var isText: Bool
  public let mimeType: String
  /// Of a byte stream, such as a file name; nothing to trust as a path.
  public internal(set) var name: String
  let origin: PacketOrigin
  public let timestampMilliseconds: Int64
  /// As announced; nil where the writer did not know.
  public let totalBytes: Int?
  /// So far.
  public internal(set) var receivedBytes = 0
  /// The header's, and at the end also the trailer's.
  public internal(set) var attributes: [String: String]

  /// Who says it. An agent may speak for somebody else, as it does with transcriptions.
  public var identity: Name { origin.identity }
  /// Of the session that sends it, as the server says.
  public var senderSID: Name { origin.sid }

  mutating func merge(_ later: [StreamAttribute]) {
    for attribute in later { attributes[attribute.key] = attribute.value }
  }
}

/// Whose packet it is, as the server says: it vouches for the session, while an agent may name another identity.
struct PacketOrigin: Equatable {
  var identity: Name = ""
  var sid: Name = ""
  /// It came encrypted from end to end.
  var isPrivate = false

  /// Some clients name whom they speak for in the header alone, so either has to do. What begins encrypted goes on
  /// encrypted, or anybody on the way could add to it.
  func matches(_ other: PacketOrigin) -> Bool {
    guard isPrivate == other.isPrivate else { return false }
    return !sid.isEmpty && sid == other.sid || identity == other.identity
  }
}
