import Base
import Foundation
import Testing
import WebRTC

@testable import LiveKit

/// What the official client sent and understood, by `vectors.txt`.
enum Vectors {
  static let all: [String: String] = {
    guard let path = Bundle.module.path(forResource: "vectors", ofType: "txt"),
      let text = try? String(contentsOfFile: path, encoding: .utf8)
    else { return [:] }
    var all: [String: String] = [:]
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      let parts = line.components(separatedBy: " = ")
      all[parts[0]] = parts[1]
    }
    return all
  }()

  static func hex(_ name: String) throws -> [UInt8] {
    let text = try #require(all[name])
    return try #require(bytes(hexadecimal: text))
  }

  static func passphrase() throws -> [UInt8] { Array(try #require(all["passphrase"]).utf8) }

  /// The key of everybody, at a place of the ring.
  static func key(index: Int = 0, owner: Name? = nil) throws -> EncryptionKey {
    let (material, key) = (try passphrase(), try hex("key"))
    return try #require(EncryptionKey(owner: owner, index: index, material: material, key: key))
  }

  /// The three parts of an IV as the client makes it, as our own sealing takes it.
  static func iv(_ bytes: [UInt8]) -> (UInt64, UInt32) {
    (
      bytes[..<8].reduce(0) { $0 << 8 | UInt64($1) },
      bytes[8..<12].reduce(0) { $0 << 8 | UInt32($1) }
    )
  }
}

@Suite struct EncryptionVectorTests {
  @Test func theKeyOfAPassphraseAndTheOneAfterIt() throws {
    let key = EncryptionKey.stretched(try Vectors.passphrase(), bytes: 16)
    #expect(key == (try Vectors.hex("key")))
    let first = try Vectors.key()
    let next = try #require(first.ratcheted())
    #expect(next.material == (try Vectors.hex("ratchet material")))
    #expect(next.key == (try Vectors.hex("ratchet key")))
  }

  @Test(arguments: 1...3) func framesByteForByte(number: Int) throws {
    let plain = try Vectors.hex("frame \(number) plain")
    let sealed = try Vectors.hex("frame \(number) sealed")
    let key = try Vectors.key()
    let link = try #require(KeyRing.Link(key))
    var opened: [UInt8] = []
    #expect(SealedFrame.open(sealed, with: link.opener, into: &opened))
    #expect(opened == plain)
    var again: [UInt8] = []
    let iv = Vectors.iv(Array(sealed.dropLast(2).suffix(12)))
    #expect(SealedFrame.seal(plain, iv: iv, index: 0, with: link.sealer, into: &again))
    #expect(again == sealed)
  }

  @Test func aWholePacketByteForByte() throws {
    let whole = try Vectors.hex("packet whole")
    var dropped = 0
    let packet = try #require(DataPacketDecoder.decode(whole, limits: Limits(), dropped: &dropped))
    guard case .encrypted(let inside) = packet.value else {
      Issue.record("not encrypted")
      return
    }
    #expect(packet.identity == "alice" && inside.isKnown && inside.keyIndex == 0)
    #expect(inside.iv == (try Vectors.hex("packet iv")))
    #expect(inside.value == (try Vectors.hex("packet sealed")))
    #expect(packet.encoded(lossy: false).sorted() == whole.sorted())
  }

  @Test(arguments: 0..<10) func packetsByteForByte(number: Int) throws {
    let text = try #require(Vectors.all["data \(number)"])
    let parts = text.split(separator: " ").map {
      bytes(hexadecimal: String($0)) ?? []
    }
    let key = try Vectors.key()
    let link = try #require(KeyRing.Link(key))
    #expect(SealedFrame.open(parts[1], iv: parts[0], with: link.opener) == parts[2])
    #expect(SealedFrame.seal(parts[2], iv: parts[0], with: link.sealer) == parts[1])
    // What is in it is a packet that we write as the client did.
    let inside = try #require(EncryptedPayload.asPacket(parts[2]))
    var dropped = 0
    let packet = try #require(DataPacketDecoder.decode(inside, limits: Limits(), dropped: &dropped))
    #expect(packet.value != .unknown)
    let written = DataPacket(value: packet.value).encoded(lossy: false)
    let payload = try #require(EncryptedPayload.from(packet: written))
    let readAgain = try #require(EncryptedPayload.asPacket(payload))
    #expect(DataPacketDecoder.decode(readAgain, limits: Limits(), dropped: &dropped) == packet)
    // Some of the client's have empty fields, which nobody has to write.
    #expect(payload == parts[2] || ![1, 3, 4, 6, 7].contains(number))
  }

  @Test func whatTheServerPutsIn() throws {
    let frame = try Vectors.hex("injected frame")
    let trailer = try Vectors.hex("injected trailer")
    #expect(InjectedFrame.has(trailer, frame) && InjectedFrame.isSilence(frame, trailer: trailer))
    #expect(!InjectedFrame.has([], frame) && !InjectedFrame.has(frame + [0], frame))
    var words = frame
    words[40] = 1
    #expect(InjectedFrame.has(trailer, words) && !InjectedFrame.isSilence(words, trailer: trailer))
    #expect(!InjectedFrame.isSilence(Array(frame.dropFirst()), trailer: trailer))
  }

  @Test func longKeys() throws {
    let bytes = EncryptionKey.stretched(try Vectors.passphrase(), bytes: 32)
    let key = try #require(EncryptionKey(owner: nil, index: 0, material: [1], key: bytes))
    let link = try #require(KeyRing.Link(key))
    var sealed: [UInt8] = []
    var opened: [UInt8] = []
    #expect(SealedFrame.seal([0x78, 1, 2], iv: (1, 2), index: 15, with: link.sealer, into: &sealed))
    #expect(SealedFrame.keyIndex(sealed) == 15)
    #expect(SealedFrame.open(sealed, with: link.opener, into: &opened) && opened == [0x78, 1, 2])
    #expect(EncryptionKey(owner: nil, index: 0, material: [1], key: [1, 2, 3]) == nil)
  }

  /// Frames of every length, with every trailer: nothing is opened, and nothing ends the program.
  @Test func framesThatAreNone() throws {
    let key = try Vectors.key()
    let link = try #require(KeyRing.Link(key))
    var opened: [UInt8] = []
    let good = try Vectors.hex("frame 1 sealed")
    for count in 0...1500 {
      let zeros = [UInt8](repeating: 0, count: count)
      #expect(!SealedFrame.open(zeros, with: link.opener, into: &opened))
      #expect(!SealedFrame.open(zeros + [12, 0], with: link.opener, into: &opened))
      if count < good.count {
        #expect(!SealedFrame.open(Array(good.prefix(count)), with: link.opener, into: &opened))
      }
      #expect(SealedFrame.open(zeros, iv: zeros, with: link.opener) == nil)
    }
    for value in 0...255 {
      var frame = good
      frame[frame.count - 2] = UInt8(value)
      #expect(SealedFrame.open(frame, with: link.opener, into: &opened) == (value == 12))
      // The index is not what is authenticated: it only says where to look.
      frame = good
      frame[frame.count - 1] = UInt8(value)
      #expect(SealedFrame.keyIndex(frame) == value)
    }
    for place in good.indices.dropLast(2) {
      var frame = good
      frame[place] ^= 0x10
      #expect(!SealedFrame.open(frame, with: link.opener, into: &opened))
    }
  }

  /// An encrypted packet holds one field of those that may be there, and nothing else.
  @Test func payloadsThatAreNone() {
    let user: [UInt8] = [0x0A, 0x03, 0x12, 0x01, 0x61]
    #expect(EncryptedPayload.asPacket(user) == [0x12, 0x03, 0x12, 0x01, 0x61])
    #expect(EncryptedPayload.from(packet: [0x12, 0x03, 0x12, 0x01, 0x61]) == user)
    let none: [[UInt8]] = [
      [], [0x0A], [0x0A, 0x04, 0x12, 0x01, 0x61], user + user, user + [0x22, 0x01, 0x61],
      // The place of nothing, and the first number beyond.
      [0x12, 0x00], [0x52, 0x00], [0x08, 0x01], [0x8A, 0x01, 0x00], [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F],
    ]
    for bytes in none { #expect(EncryptedPayload.asPacket(bytes) == nil, "\(bytes)") }
    // Telephone keys and transcripts travel in the clear alone.
    #expect(EncryptedPayload.from(packet: [0x32, 0x00]) == nil)
    #expect(EncryptedPayload.from(packet: [0x3A, 0x00]) == nil)
  }

  @Test func aFingerprintTellsKeysApartAndNothingElse() throws {
    var settings = EncryptionSettings()
    #expect(settings.fingerprint.isEmpty)
    settings.keys = [try Vectors.key(), try Vectors.key(index: 3, owner: "ann")]
    let shown = settings.fingerprint
    #expect(shown.utf8.count == 19)
    settings.keys.reverse()
    settings.mode = .required
    #expect(settings.fingerprint == shown)
    settings.keys = [try Vectors.key(), try Vectors.key(index: 4, owner: "ann")]
    #expect(settings.fingerprint != shown)
    #expect(!hexadecimal(try Vectors.hex("key")).contains(shown.replacingOccurrences(of: "-", with: "")))
  }
}
