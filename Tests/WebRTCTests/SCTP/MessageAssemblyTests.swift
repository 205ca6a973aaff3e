import Testing

@testable import WebRTC

@Suite struct MessageAssemblyTests {
  private var assembly = MessageAssembly()

  /// -> (stream, bytes; nil for one that was too long)
  private mutating func take(
    _ bytes: [UInt8], stream: UInt16 = 1, chunk: UInt32, isUnordered: Bool = false, isLast: Bool
  ) -> [[UInt8]?] {
    let origin = MessageAssembly.Origin(
      stream: stream, firstChunk: chunk, protocolIdentifier: 53, isUnordered: isUnordered)
    return bytes.withUnsafeBytes { assembly.take($0, origin, isLast: isLast) }.map(content)
  }

  private func content(_ event: SCTPAssociation.Event) -> [UInt8]? {
    guard case .message(_, _, let bytes) = event else { return nil }
    return bytes
  }

  @Test mutating func aMessageInPieces() {
    #expect(take([1], chunk: 7, isLast: false) == [])
    #expect(take([2, 3], chunk: 7, isLast: false) == [])
    #expect(take([4], chunk: 7, isLast: true) == [[1, 2, 3, 4]])
    #expect(take([5], chunk: 8, isLast: true) == [[5]])
  }

  /// As usrsctp does when chunks were lost and came again.
  @Test mutating func theNextMessageComesBeforeTheLastPiece() {
    #expect(take([1], chunk: 7, isLast: false) == [])
    #expect(take([9], chunk: 8, isLast: true) == [])
    #expect(take([2], chunk: 7, isLast: true) == [[1, 2], [9]])
  }

  @Test mutating func whatHasNoOrderDoesNotWait() {
    #expect(take([1], chunk: 7, isUnordered: true, isLast: false) == [])
    #expect(take([9], chunk: 8, isUnordered: true, isLast: true) == [[9]])
    #expect(take([2], chunk: 7, isUnordered: true, isLast: true) == [[1, 2]])
  }

  @Test mutating func streamsDoNotMix() {
    #expect(take([1], stream: 1, chunk: 7, isLast: false) == [])
    #expect(take([2], stream: 2, chunk: 8, isLast: false) == [])
    #expect(take([3], stream: 3, chunk: 9, isLast: true) == [[3]])
    #expect(take([1], stream: 1, chunk: 7, isLast: true) == [[1, 1]])
    #expect(take([2], stream: 2, chunk: 8, isLast: true) == [[2, 2]])
  }

  @Test mutating func aMessageThatIsTooLongIsToldOnceAndInItsPlace() {
    let half = [UInt8](repeating: 1, count: Limits.dataMessageReceiveBytesMax / 2)
    #expect(take(half, chunk: 7, isLast: false) == [])
    #expect(take(half, chunk: 7, isLast: false) == [])
    #expect(take([1], chunk: 7, isLast: false) == [])
    #expect(take(half, chunk: 7, isLast: false) == [])
    #expect(take([5], chunk: 300, isLast: true) == [])
    #expect(take([6], chunk: 7, isLast: true) == [nil, [5]])
    #expect(take(half + half + [1], chunk: 301, isLast: true) == [nil])
  }

  /// A peer that begins a message on every stream and ends none holds no more than two of the longest.
  @Test mutating func whatIsHeldIsBounded() {
    let half = [UInt8](repeating: 1, count: Limits.dataMessageReceiveBytesMax / 2)
    for stream in UInt16(0)..<64 { #expect(take(half, stream: stream, chunk: 7, isLast: false) == []) }
    var whole = 0
    for stream in UInt16(0)..<64 where take([], stream: stream, chunk: 7, isLast: true) != [nil] {
      whole += 1
    }
    #expect(whole == 4)
  }

  @Test mutating func whatWaitsIsBounded() {
    let long = [UInt8](repeating: 1, count: Limits.dataMessageReceiveBytesMax)
    #expect(take([1], chunk: 1, isLast: false) == [])
    #expect(take(long, chunk: 2, isLast: true) == [])
    for chunk in UInt32(3)..<2 + UInt32(Limits.dataMessagesWaitingMax) {
      #expect(take([1], chunk: chunk, isLast: true) == [])
    }
    #expect(take([1], chunk: 1000, isLast: true) == [nil])
    let released = take([2], chunk: 1, isLast: true)
    #expect(released.count == 1 + Limits.dataMessagesWaitingMax)
    #expect(released.compactMap { $0 } == [[1, 2], long])
  }

  @Test mutating func theRestDoesNotCome() {
    #expect(take([1], chunk: 7, isLast: false) == [])
    #expect(take([9], chunk: 8, isLast: true) == [])
    #expect(assembly.abort(stream: 2).isEmpty)
    #expect(assembly.abort(stream: 1).map(content) == [[9]])
    #expect(take([3], chunk: 9, isLast: true) == [[3]])
  }
}
