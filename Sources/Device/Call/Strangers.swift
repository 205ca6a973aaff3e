import Base
import LiveKit
import WebRTC

/// Datagrams of somebody who reaches this device's sockets and whom ICE has authenticated nowhere. They are dropped
/// before anything looks into them; what is left to do is to say once a stay that somebody sends them.
struct Strangers: Equatable {
  /// A peer's own first datagrams may overtake its checks; that many are no accident.
  static let toldFrom = 20

  private var isTold = false

  /// A stay begins, with sockets of its own.
  mutating func begin() { isTold = false }

  /// `datagrams` is how many came since the sockets were opened.
  mutating func look(_ datagrams: Int) -> [Effect] {
    guard !isTold, datagrams >= Self.toldFrom else { return [] }
    isTold = true
    let words =
      "somebody who is not the room server sends datagrams to this device (\(datagrams) so far); they are ignored, "
      + "and not told again in this stay"
    return [.log(.warning, words, event: "network.strangers")]
  }
}

extension Room {
  /// Of both peer connections of the present session.
  var strangerDatagrams: Int {
    (mediaStatistics(.publisher)?.strangerDatagrams ?? 0)
      &+ (mediaStatistics(.subscriber)?.strangerDatagrams ?? 0)
  }
}
