import Base

/// The way between the device and everything else. Datagrams are lost where a stream of TCP waits.
final class Link {
  private let clock: Clockwork
  private(set) var isUp = true
  var delayMilliseconds = 20
  var jitterMilliseconds = 2
  var lossPercent = 0
  /// Since when nothing has been wrong with it; nil while something is.
  private(set) var goodSince: Instant?
  /// What of it is to be heeded by whoever asks whether the network is good.
  private(set) var datagrams = 0

  init(_ clock: Clockwork) {
    self.clock = clock
    goodSince = clock.now
  }

  /// More than one fault may have cut it.
  private var cuts = 0
  func cut(_ milliseconds: Int) {
    cuts += 1
    isUp = false
    goodSince = nil
    clock.note("network", "cut for \(milliseconds) ms")
    clock.after(milliseconds) {
      self.cuts -= 1
      guard self.cuts == 0 else { return }
      self.isUp = true
      self.goodSince = self.clock.now
      self.clock.note("network", "is back")
    }
  }

  /// Something else kept the device from its room.
  func disturb() { if isUp { goodSince = clock.now } }

  var travelMilliseconds: Int { delayMilliseconds + clock.random.next(below: jitterMilliseconds + 1) }

  func datagram(_ arrive: @escaping () -> Void) {
    datagrams += 1
    guard isUp, clock.random.next(below: 100) >= lossPercent else { return }
    clock.after(travelMilliseconds) { if self.isUp { arrive() } }
  }
}

/// One direction of a TCP connection: everything arrives, in order, however long that takes.
final class Pipe {
  private let clock: Clockwork
  private let link: Link
  private var waiting: [() -> Void] = []
  private var isMoving = false
  private var isClosed = false
  /// The first piece that has waited since then.
  private var stuckSince: Instant?
  /// It has waited for too long: the system gives the connection up.
  var onBroken: (() -> Void)?

  init(_ clock: Clockwork, _ link: Link) {
    self.clock = clock
    self.link = link
  }

  func close() {
    isClosed = true
    waiting = []
  }

  func send(_ arrive: @escaping () -> Void) {
    guard !isClosed else { return }
    waiting.append(arrive)
    if !isMoving { move(after: link.travelMilliseconds) }
  }

  private func move(after milliseconds: Int) {
    isMoving = true
    clock.after(milliseconds) { self.arrived() }
  }

  private func arrived() {
    guard !isClosed else { return }
    let isLost = clock.random.next(below: 100) < link.lossPercent
    guard link.isUp, !isLost else {
      let since = stuckSince ?? clock.now
      stuckSince = since
      let waited = clock.now.milliseconds(since: since)
      if waited > 60_000 {
        close()
        onBroken?()
        return
      }
      // What was lost is sent again, later each time.
      return move(after: max(200, min(waited, 8_000)))
    }
    stuckSince = nil
    let first = waiting.removeFirst()
    isMoving = !waiting.isEmpty
    if isMoving { move(after: 1) }
    first()
  }
}
