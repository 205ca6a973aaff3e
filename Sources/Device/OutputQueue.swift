import Base

/// What the device asks for, in order. Filled by one input, and drained before the next; then it waits.
struct OutputQueue {
  /// When the device wants to be called by itself.
  struct OwnWait {
    let until: Instant?
  }

  /// As it was when it last waited; nil once something happened that may have changed it.
  var ownWait: OwnWait?
  private var waiting: [Device.Output] = []
  private var position = 0
  private var isClosed = false

  mutating func append(_ output: Device.Output) { waiting.append(output) }

  mutating func next() -> Device.Output? {
    guard position < waiting.count else {
      waiting.removeAll(keepingCapacity: true)
      position = 0
      return nil
    }
    defer { position += 1 }
    return waiting[position]
  }

  /// False if it was closed before: the end is told once.
  mutating func close() -> Bool {
    defer { isClosed = true }
    return !isClosed
  }
}
