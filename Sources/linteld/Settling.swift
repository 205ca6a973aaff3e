import Board
import LiveKit
import Reactor

/// Gives back the memory that only joining needs: once, when nothing has changed about the connection for a while. A
/// process that has just started, and one that has left its room, settles in the same way.
final class Settling {
  private let timer: Timer
  private var state: ConnectionState?

  init(_ loop: EventLoop) { timer = Timer(loop) { forgetJoining() } }

  /// To be told as often as one likes.
  func note(_ state: ConnectionState) {
    guard state != self.state else { return }
    self.state = state
    timer.schedule(afterMilliseconds: Self.calmMilliseconds)
  }

  func stop() { timer.cancel() }

  /// Tracks are subscribed and data channels open within a second or two of joining, also over a slow network.
  private static let calmMilliseconds = 3_000
}
