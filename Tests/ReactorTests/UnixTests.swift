import CLinux
import Foundation
import Testing

@testable import Reactor

@Suite(.serialized) struct UnixTests {
  private let path = "\(NSTemporaryDirectory())lintel-\(UInt32.random(in: 0 ... .max)).sock"

  @Test func requestAndReplyWithCredentials() throws {
    let loop = try EventLoop()
    let server = try StreamServer(loop, path: path, mode: 0o600)
    let clients = Seen<StreamSocket>()
    server.onConnection = { client in
      clients.values.append(client)
      client.onBytes = { [unowned client] in client.write($0.reversed()) }
    }
    let client = try UnixClient(path)
    #expect(client.write([1, 2, 3]) == 3)
    var answer: [UInt8] = []
    run(loop) {
      answer += client.read()
      return answer.count == 3
    }
    #expect(answer == [3, 2, 1])
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
    let server = try StreamServer(loop, listening: passed, path: path)
    let clients = Seen<StreamSocket>()
    server.onConnection = { clients.values.append($0) }
    let client = try UnixClient(path)
    run(loop) { !clients.values.isEmpty }
    #expect(clients.values[0].peerCredentials?.userIdentifier == getuid())
    #expect(clients.values[0].peerGroups.contains(getgid()))
    client.close()
    server.close()
    var status = stat()
    #expect(stat(path, &status) == 0)
    unlink(path)
  }

  @Test func theEndIsToldOnceToTheOtherSide() throws {
    let loop = try EventLoop()
    let server = try StreamServer(loop, path: path, mode: 0o600)
    let clients = Seen<StreamSocket>()
    let ends = Seen<StreamEnd>()
    server.onConnection = { client in
      clients.values.append(client)
      client.onEnd = { ends.values.append($0) }
    }
    try UnixClient(path).close()
    run(loop) { !ends.values.isEmpty }
    run(loop, forMilliseconds: 10)
    #expect(ends.values == [.endOfStream])
    #expect(clients.values[0].isOpen == false)
  }

  @Test func aClientThatNeverReadsIsCutOff() throws {
    let loop = try EventLoop()
    let server = try StreamServer(loop, path: path, mode: 0o600)
    let clients = Seen<StreamSocket>()
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
    let client = try UnixClient(path)
    run(loop) { !ends.values.isEmpty }
    client.close()
    #expect(ends.values == [.failed(.writeQueueFull(limitBytes: ReactorLimits.unixWriteQueueBytesMax))])
    // The bound plus what the kernel holds for a socket.
    #expect(accepted * 10_000 >= ReactorLimits.unixWriteQueueBytesMax)
    #expect(accepted < 300)
  }

  @Test func aFloodArrivesWholeAndInOrder() throws {
    let loop = try EventLoop()
    let server = try StreamServer(loop, path: path, mode: 0o600)
    let clients = Seen<StreamSocket>()
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
    let client = try UnixClient(path)
    let payload = (0..<900_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
    var rest = payload[...]
    run(loop) {
      rest = rest.dropFirst(max(0, client.write(Array(rest))))
      return rest.isEmpty
    }
    client.close()
    run(loop) { !ends.values.isEmpty }
    #expect(count == payload.count)
    #expect(sum == payload.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF_FFFF })
  }

  @Test func aStaleSocketIsReplacedAndALiveOneIsNot() throws {
    let loop = try EventLoop()
    let descriptor = try UnixPath.bind(path, mode: 0o600, group: nil)
    _ = CLinux.close(descriptor)
    let server = try StreamServer(loop, path: path, mode: 0o600)
    #expect(throws: ReactorFailure.somebodyListens(path: path)) {
      _ = try StreamServer(loop, path: path, mode: 0o600)
    }
    server.close()
  }

  @Test func anotherKindOfFileIsNotTouched() throws {
    let loop = try EventLoop()
    try "precious".write(toFile: path, atomically: true, encoding: .utf8)
    #expect(throws: ReactorFailure.notASocket(path: path)) {
      _ = try StreamServer(loop, path: path, mode: 0o600)
    }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
    unlink(path)
  }

  @Test func pathsAreChecked() throws {
    let loop = try EventLoop()
    let long = "/tmp/" + String(repeating: "x", count: 103)
    #expect(throws: ReactorFailure.pathTooLong(path: long)) {
      _ = try StreamServer(loop, path: long, mode: 0o600)
    }
    #expect(throws: ReactorFailure.self) { _ = try StreamServer(loop, path: "/nowhere/x", mode: 0o600) }
  }
}

/// A client that does not need the loop.
private struct UnixClient {
  private let descriptor: Int32

  init(_ path: String) throws {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    try #require(lintel_connect_unix(descriptor, &address) == 0)
  }

  func close() { _ = CLinux.close(descriptor) }

  /// How many bytes the kernel takes now.
  func write(_ bytes: [UInt8]) -> Int {
    send(descriptor, bytes, bytes.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
  }

  /// What is there now.
  func read() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
    return Array(bytes.prefix(max(0, count)))
  }
}
