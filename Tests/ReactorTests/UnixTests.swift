import CLinux
import Foundation
import Testing

@testable import Reactor

@Suite(.serialized) struct UnixTests {
  private let path = "\(NSTemporaryDirectory())lintel-\(UInt32.random(in: 0 ... .max)).sock"

  @Test func requestAndReplyWithCredentials() throws {
    let loop = try EventLoop()
    let server = try UnixServer(loop, path: path, mode: 0o600)
    let clients = Seen<UnixConnection>()
    server.onConnection = { client in
      clients.values.append(client)
      client.onBytes = { [unowned client] in client.write($0.reversed()) }
    }
    let client = try UnixConnection(loop)
    let seen = Seen<[UInt8]>()
    client.onBytes = { seen.values.append($0) }
    client.onConnected = { [unowned client] in client.write([1, 2, 3]) }
    client.connect(to: path)
    run(loop) { !seen.values.isEmpty }
    #expect(seen.values == [[3, 2, 1]])
    let credentials = try #require(clients.values[0].peerCredentials)
    #expect(
      credentials
        == PeerCredentials(
          processIdentifier: getpid(), userIdentifier: getuid(), groupIdentifier: getgid()))
    var status = stat()
    #expect(stat(path, &status) == 0)
    #expect(status.st_mode & 0o777 == 0o600)
    server.close()
    #expect(stat(path, &status) != 0)
  }

  @Test func aSocketThatWasPassedServesAndItsFileStays() throws {
    let loop = try EventLoop()
    let passed = try UnixPath.bind(path, mode: 0o660, group: nil)
    #expect(listen(passed, 4) == 0)
    let server = try UnixServer(loop, listening: passed, path: path)
    let clients = Seen<UnixConnection>()
    server.onConnection = { clients.values.append($0) }
    let client = try UnixConnection(loop)
    client.connect(to: path)
    run(loop) { !clients.values.isEmpty }
    #expect(clients.values[0].peerCredentials?.userIdentifier == getuid())
    server.close()
    var status = stat()
    #expect(stat(path, &status) == 0)
    unlink(path)
  }

  @Test func theEndIsToldOnceToTheOtherSide() throws {
    let loop = try EventLoop()
    let server = try UnixServer(loop, path: path, mode: 0o600)
    let clients = Seen<UnixConnection>()
    let ends = Seen<StreamEnd>()
    server.onConnection = { client in
      clients.values.append(client)
      client.onEnd = { ends.values.append($0) }
    }
    let client = try UnixConnection(loop)
    client.onConnected = { [unowned client] in client.close() }
    client.connect(to: path)
    run(loop) { !ends.values.isEmpty }
    run(loop, forMilliseconds: 10)
    #expect(ends.values == [.endOfStream])
    #expect(clients.values[0].isOpen == false)
  }

  @Test func aClientThatNeverReadsIsCutOff() throws {
    let loop = try EventLoop()
    let server = try UnixServer(loop, path: path, mode: 0o600)
    let clients = Seen<UnixConnection>()
    let ends = Seen<StreamEnd>()
    var accepted = 0
    var isInsideWrite = false
    server.onConnection = { client in
      clients.values.append(client)
      client.onEnd = {
        #expect(!isInsideWrite)
        ends.values.append($0)
      }
      isInsideWrite = true
      while client.write([UInt8](repeating: 7, count: 10_000)), accepted < 1000 { accepted += 1 }
      isInsideWrite = false
    }
    let client = try UnixConnection(loop)
    client.onConnected = { [unowned client] in client.pauseReading() }
    client.connect(to: path)
    run(loop) { !ends.values.isEmpty }
    #expect(ends.values == [.failed(.writeQueueFull(limitBytes: ReactorLimits.unixWriteQueueBytesMax))])
    // The bound plus what the kernel holds for a socket.
    #expect(accepted * 10_000 >= ReactorLimits.unixWriteQueueBytesMax)
    #expect(accepted < 300)
  }

  @Test func aFloodArrivesWholeAndInOrder() throws {
    let loop = try EventLoop()
    let server = try UnixServer(loop, path: path, mode: 0o600)
    let clients = Seen<UnixConnection>()
    let ends = Seen<StreamEnd>()
    var sum = 0
    var count = 0
    server.onConnection = { client in
      clients.values.append(client)
      client.onBytes = { bytes in
        for byte in bytes {
          sum = (sum &* 31 &+ Int(byte)) & 0xFFFF_FFFF
          count += 1
        }
      }
      client.onEnd = { ends.values.append($0) }
    }
    let client = try UnixConnection(loop)
    let payload = (0..<900_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
    client.onConnected = { [unowned client] in
      #expect(client.write(payload))
      client.closeAfterWriting()
    }
    client.connect(to: path)
    run(loop) { !ends.values.isEmpty }
    #expect(count == payload.count)
    #expect(sum == payload.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF_FFFF })
  }

  @Test func aStaleSocketIsReplacedAndALiveOneIsNot() throws {
    let loop = try EventLoop()
    let descriptor = try UnixPath.bind(path, mode: 0o600, group: nil)
    _ = CLinux.close(descriptor)
    let server = try UnixServer(loop, path: path, mode: 0o600)
    #expect(throws: ReactorFailure.somebodyListens(path: path)) {
      _ = try UnixServer(loop, path: path, mode: 0o600)
    }
    server.close()
  }

  @Test func anotherKindOfFileIsNotTouched() throws {
    let loop = try EventLoop()
    try "precious".write(toFile: path, atomically: true, encoding: .utf8)
    #expect(throws: ReactorFailure.notASocket(path: path)) {
      _ = try UnixServer(loop, path: path, mode: 0o600)
    }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
    unlink(path)
  }

  @Test func pathsAreChecked() throws {
    let loop = try EventLoop()
    let long = "/tmp/" + String(repeating: "x", count: 103)
    #expect(throws: ReactorFailure.pathTooLong(path: long)) {
      _ = try UnixServer(loop, path: long, mode: 0o600)
    }
    #expect(throws: ReactorFailure.self) { _ = try UnixServer(loop, path: "/nowhere/x", mode: 0o600) }
    let client = try UnixConnection(loop)
    let ends = Seen<StreamEnd>()
    client.onEnd = { ends.values.append($0) }
    client.connect(to: long)
    #expect(ends.values.isEmpty)
    run(loop) { !ends.values.isEmpty }
    #expect(ends.values == [.failed(.pathTooLong(path: long))])
  }

  @Test func nobodyThereIsToldWithThePath() throws {
    let loop = try EventLoop()
    let client = try UnixConnection(loop)
    let ends = Seen<StreamEnd>()
    client.onEnd = { ends.values.append($0) }
    client.connect(to: path)
    run(loop) { !ends.values.isEmpty }
    guard case .failed(let failure) = ends.values[0] else {
      Issue.record("\(ends.values)")
      return
    }
    #expect(failure.description == "connecting to \(path): no such file or directory")
  }

  @Test func groupsAreFoundByName() {
    #expect(UnixServer.groupIdentifier(named: "root") == 0)
    #expect(UnixServer.groupIdentifier(named: "no-such-group-here") == nil)
  }
}
