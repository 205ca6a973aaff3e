import Base

/// What goes out on `_reliable`: numbered, kept back until the channel takes it, and kept afterwards until SCTP knows
/// that the server has it. Pure.
///
/// A resumed session goes on with the numbers and sends again what the server says it did not get; a new session
/// starts with an empty queue at number 1, because the server-side participant is new (a sender that starts at 1
/// within a session is silently ignored).
struct ReliableQueue {
  struct Packet: Equatable {
    var sequence: UInt32
    var bytes: [UInt8]
  }

  private(set) var waiting: [Packet] = []
  private(set) var waitingBytes = 0
  private(set) var sent: [Packet] = []
  private(set) var sentBytes = 0
  /// Of the last packet that was numbered.
  private(set) var lastSequence: UInt32 = 0

  /// The number for the next packet, which then has to be appended.
  var nextSequence: UInt32 { lastSequence &+ 1 }

  mutating func append(_ bytes: [UInt8]) {
    lastSequence = nextSequence
    waiting.append(Packet(sequence: lastSequence, bytes: bytes))
    waitingBytes += bytes.count
  }

  /// The channel took the first one that waits.
  mutating func firstWasSent(keptBytesMax: Int) {
    guard !waiting.isEmpty else { return }
    let packet = waiting.remove(at: 0)
    waitingBytes -= packet.bytes.count
    sent.append(packet)
    sentBytes += packet.bytes.count
    trim(bufferedBytes: keptBytesMax)
  }

  mutating func dropFirst() {
    guard !waiting.isEmpty else { return }
    waitingBytes -= waiting.remove(at: 0).bytes.count
  }

  /// SCTP still holds this much: whatever was sent before that has arrived.
  mutating func trim(bufferedBytes: Int) {
    var gone = 0
    while gone < sent.count, sentBytes - sent[gone].bytes.count >= bufferedBytes {
      sentBytes -= sent[gone].bytes.count
      gone += 1
    }
    sent.removeFirst(gone)
  }

  /// A resumed session: the server's last number of us. The rest goes out again, in order, before what waits.
  mutating func resume(lastReceived: UInt32) {
    let missing = sent.filter { $0.sequence > lastReceived }
    sent = []
    sentBytes = 0
    waiting = missing + waiting
    waitingBytes = 0
    for packet in waiting { waitingBytes += packet.bytes.count }
  }

  /// How many were given up.
  mutating func dropWaiting() -> Int {
    let count = waiting.count
    waiting = []
    waitingBytes = 0
    return count
  }
}
