import Testing

@testable import Control

private func lines(_ buffer: inout LineBuffer) -> [String] {
  var result: [String] = []
  while let line = buffer.next() { result.append(text(line)) }
  return result
}

@Suite("Lines")
struct LineBufferTests {
  @Test("however the stream is cut, the lines are the same", arguments: [1, 2, 3, 5, 7, 100])
  func cuts(size: Int) {
    let stream = bytes("one\ntwo\r\n\r\n  \n\nthrée\n\rfour\nrest")
    var buffer = LineBuffer(lineBytesMax: 64)
    var found: [String] = []
    for start in stride(from: 0, to: stream.count, by: size) {
      buffer.append(Array(stream[start..<min(start + size, stream.count)]))
      found += lines(&buffer)
    }
    #expect(found == ["one", "two", "thrée", "\rfour"])
    #expect(buffer.waitingBytes == 4 && !buffer.isBroken)
  }

  @Test("the longest line passes with its end, one byte more breaks the stream for good")
  func bound() {
    var buffer = LineBuffer(lineBytesMax: 8)
    buffer.append(bytes("1234567\n"))
    #expect(lines(&buffer) == ["1234567"])
    buffer.append(bytes("12345678"))
    #expect(buffer.next() == nil && buffer.isBroken)
    buffer.append(bytes("\nstatus\n"))
    #expect(buffer.next() == nil && buffer.waitingBytes == 0)
  }

  @Test("a line that is too long is found in the midst of good ones")
  func inTheMidst() {
    var buffer = LineBuffer(lineBytesMax: 8)
    buffer.append(bytes("a\nb\n" + String(repeating: "x", count: 9) + "\nc\n"))
    #expect(lines(&buffer) == ["a", "b"])
    #expect(buffer.isBroken)
  }

  @Test("a line of a megabyte that comes byte by byte costs a linear effort")
  func linear() {
    var buffer = LineBuffer(lineBytesMax: 1 << 21)
    for _ in 0..<1 << 20 {
      buffer.append([0x78])
      if buffer.next() != nil { Issue.record("a line without an end") }
    }
    buffer.append([0x0A])
    #expect(buffer.next()?.count == 1 << 20)
  }
}
