import Base
import Testing

@testable import LiveKit
@testable import WebRTC

/// Keys that are quickly made: what they were derived from is their own bytes.
func quickKey(_ byte: UInt8, owner: Name? = nil, index: Int = 0) throws -> EncryptionKey {
  try #require(
    EncryptionKey(
      owner: owner, index: index, material: [byte], key: [UInt8](repeating: byte, count: 16)))
}

func encrypted(
  mode: EncryptionMode = .required, index: Int = 0, _ keys: EncryptionKey...
) -> EncryptionSettings {
  var settings = EncryptionSettings()
  settings.mode = mode
  settings.keys = keys
  settings.index = index
  return settings
}

@Suite struct RoomEncryptionTests {
  static let frame: [UInt8] = [0x78, 1, 2, 3]

  static func sealed(
    _ key: EncryptionKey, _ frame: [UInt8] = frame, index: Int = 0, iv: UInt32 = 1
  ) throws -> [UInt8] {
    let link = try #require(KeyRing.Link(key))
    var sealed: [UInt8] = []
    #expect(SealedFrame.seal(frame, iv: (7, iv), index: index, with: link.sealer, into: &sealed))
    return sealed
  }

  static func opened(_ frame: [UInt8], _ key: EncryptionKey) throws -> [UInt8]? {
    let link = try #require(KeyRing.Link(key))
    var opened: [UInt8] = []
    return SealedFrame.open(frame, with: link.opener, into: &opened) ? opened : nil
  }

  /// Connected, with a phone whose track is heard in slot 0.
  static func hearing(_ settings: EncryptionSettings, encryption: Int = 1) throws -> Bench {
    let bench = try Bench()
    bench.room.setEncryption(settings, now: bench.now)
    let phone = Server.participant("phone", "PA_p", tracks: [Server.track("TR_A", encryption: encryption)])
    try bench.connect(Server.join(others: [phone], trailer: Array("trailer".utf8)))
    bench.subscriber?.nextSections = [.audio("1", "PA_p", "TR_A")]
    bench.server(Server.offer(2))
    return bench
  }

  static func hear(_ bench: Bench, _ frames: [UInt8]...) {
    for frame in frames {
      bench.subscriber?.receive(mid: "1", sequence: UInt16(bench.heard.count), payload: frame)
    }
    bench.drain()
    bench.drain()
  }

  static func changes(_ bench: Bench) -> [TrackPrivacy] {
    bench.events.compactMap { if case .trackPrivacyChanged(_, let privacy) = $0 { privacy } else { nil } }
  }

  static func published(_ settings: EncryptionSettings) throws -> (Bench, LocalTrack.ID) {
    let bench = try Bench()
    bench.room.setEncryption(settings, now: bench.now)
    let track = try bench.room.publish(name: "microphone", source: .microphone, muted: false, now: bench.now)
    try bench.connect()
    let request = try #require(bench.last(4))
    bench.server(Server.published(request.text(1), "TR_AMx"))
    bench.answerOffer()
    return (bench, track)
  }

  @Test func whatWeSayIsSealedAndAnnounced() throws {
    let key = try quickKey(1)
    let (bench, track) = try Self.published(encrypted(index: 5, try quickKey(1, index: 5)))
    #expect(bench.last(4)?.number(14) == 1 && bench.last(4)?.number(13) == 1)
    for _ in 0..<3 { bench.room.send(AudioTests.frame(1, bytes: 40), track: track, now: bench.now) }
    let sent = try #require(bench.publisher).sent.map(\.frame.payload)
    #expect(sent.count == 3 && sent.allSatisfy { $0.count == 70 && SealedFrame.keyIndex($0) == 5 })
    for frame in sent { #expect(try Self.opened(frame, key) == [UInt8](repeating: 1, count: 40)) }
    #expect(Set(sent.map { Array($0.suffix(14)) }).count == 3)
    // Nothing to hide in nothing.
    bench.room.send(AudioTests.frame(1, bytes: 0), track: track, now: bench.now)
    #expect(bench.publisher?.sent.last?.frame.payload == [])
  }

  /// Nothing is allocated on the way of a frame: what is sealed and what is opened lie where those before lay.
  @Test func theSameMemoryForEveryFrame() throws {
    var encryption = Encryption(encrypted(try quickKey(1)))
    encryption.chooseOwn("door")
    let subscription = Subscription(
      trackSID: "TR_A", participantSID: "PA_A", identity: "ann", slot: 0, mid: "0", isEncrypted: true)
    encryption.subscribed(subscription)
    let random = SeededRandom(seed: 1)
    var places: Set<UInt> = []
    var wanted: EncryptionKey?
    for count in 1...1000 {
      let frame = [UInt8](repeating: 0x78, count: count)
      let sealed = encryption.seal(frame, random) ?? []
      let opened = encryption.open(sealed, 0, wantsKey: &wanted) ?? []
      #expect(opened == frame)
      for bytes in [sealed, opened] {
        places.insert(bytes.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) })
      }
    }
    #expect(places.count == 2)
  }

  /// The one half of the IV that counts comes to its end: the other one is another from then on.
  @Test func noIVComesTwice() throws {
    var encryption = Encryption(encrypted(try quickKey(1)))
    let random = SeededRandom(seed: 1)
    let first = encryption.nextIV(random)
    encryption.iv.1 = .max
    let last = encryption.nextIV(random)
    let next = encryption.nextIV(random)
    #expect(first.0 == last.0 && first.1 == 0 && last.1 == .max)
    #expect(next.1 == 0 && next.0 != first.0)
  }

  @Test func withoutAKeyOfOurOwn() throws {
    for mode in [EncryptionMode.required, .wanted] {
      let (bench, track) = try Self.published(encrypted(mode: mode, try quickKey(1, owner: "somebody else")))
      bench.room.send(AudioTests.frame(1), track: track, now: bench.now)
      let sent = try #require(bench.publisher).sent.map(\.frame.payload)
      #expect(sent == (mode == .required ? [] : [[1, 1, 1]]))
      #expect(bench.room.isSilenced == (mode == .required) && !bench.room.isSealing)
      #expect(bench.room.encryptionStatistics.framesUnsent == (mode == .required ? 1 : 0))
    }
  }

  @Test func ourOwnKeyComesBeforeEverybodys() throws {
    let (bench, track) = try Self.published(encrypted(try quickKey(1), try quickKey(2, owner: "door")))
    bench.room.send(AudioTests.frame(1), track: track, now: bench.now)
    let frame = try #require(bench.publisher?.sent.first?.frame.payload)
    #expect(try Self.opened(frame, try quickKey(2)) == [1, 1, 1])
  }

  @Test func whatIsHeard() throws {
    let bench = try Self.hearing(encrypted(try quickKey(1)))
    #expect(bench.room.privacy(of: bench.room.participants[0].tracks[0]) == .unproven)
    // A replayed frame is understood again: numbers and time are SRTP's and the jitter buffer's to judge.
    let frame = try Self.sealed(try quickKey(1))
    Self.hear(bench, frame, frame)
    #expect(bench.heard.map(\.payload) == [Self.frame, Self.frame])
    #expect(Self.changes(bench) == [.sealed])
    #expect(bench.room.privacy(of: bench.room.participants[0].tracks[0]) == .sealed)
    #expect(bench.room.encryptionStatistics.framesOpened == 2)
  }

  @Test func aKeyThatDoesNotFit() throws {
    let bench = try Self.hearing(encrypted(try quickKey(1)))
    let frame = try Self.sealed(try quickKey(9))
    for _ in 0..<60 { Self.hear(bench, frame) }
    #expect(bench.heard.isEmpty && Self.changes(bench) == [.wrongKey])
    #expect(bench.room.encryptionStatistics.framesUnreadable == 60)
    Self.hear(bench, try Self.sealed(try quickKey(1)))
    #expect(bench.heard.count == 1 && Self.changes(bench) == [.wrongKey, .sealed])
  }

  @Test func aPlaceOfTheRingWithoutAKey() throws {
    let bench = try Self.hearing(encrypted(try quickKey(1)))
    let frame = try Self.sealed(try quickKey(1), index: 2)
    for _ in 0..<6 { Self.hear(bench, frame) }
    #expect(Self.changes(bench) == [.noKey] && bench.room.encryptionStatistics.framesWithoutKey == 6)
    // The ring goes round.
    Self.hear(bench, try Self.sealed(try quickKey(1), index: 16))
    #expect(bench.heard.map(\.payload) == [Self.frame])
  }

  @Test func keysOfTheirOwnAndPlaces() throws {
    let bench = try Self.hearing(
      encrypted(try quickKey(1), try quickKey(2, owner: "phone"), try quickKey(3, owner: "phone", index: 3)))
    Self.hear(
      bench, try Self.sealed(try quickKey(2)), try Self.sealed(try quickKey(3), index: 3),
      try Self.sealed(try quickKey(1)))
    #expect(bench.heard.count == 2)
  }

  @Test func silenceOfTheServers() throws {
    let bench = try Self.hearing(encrypted(try quickKey(1)))
    let silence: [UInt8] = [0xF8, 0xFF, 0xFE] + [UInt8](repeating: 0, count: 77)
    let trailer = Array("trailer".utf8)
    Self.hear(bench, silence + trailer, [0x78, 1] + trailer, trailer, silence)
    #expect(bench.heard.map(\.payload) == [silence])
    let statistics = bench.room.encryptionStatistics
    #expect(statistics.framesInjected == 1 && statistics.framesInjectedRefused == 2)
    #expect(statistics.framesUnreadable == 1)
  }

  /// The peer says nothing of it: the next key is derived when nothing else opens what comes.
  @Test func aRatchetIsFollowed() throws {
    let first = try Vectors.key()
    let second = try #require(first.ratcheted())
    let bench = try Self.hearing(encrypted(first))
    Self.hear(bench, try Self.sealed(first))
    // The next key is there before it is needed, and so is the one after that.
    #expect(bench.derivations.map(\.key) == [first])
    bench.handle(.keyDerived(second, generation: bench.derivations[0].generation))
    Self.hear(bench, try Self.sealed(second))
    #expect(bench.heard.count == 2 && bench.derivations.map(\.key) == [first, second])
    #expect(bench.room.encryptionStatistics.ratchets == 1)
    // There is no way back, and nothing was called wrong.
    Self.hear(bench, try Self.sealed(first))
    #expect(bench.heard.count == 2 && Self.changes(bench) == [.sealed])
    #expect(bench.room.encryptionStatistics.framesUnreadable == 1)
  }

  /// Whoever has everybody's key goes on together, so what we say follows; a key of somebody's own is his alone.
  @Test func ourOwnKeyFollowsEverybodys() throws {
    for owner in [nil, "phone" as Name] {
      let bench = try Self.hearing(encrypted(try quickKey(1, owner: owner)))
      Self.hear(bench, try Self.sealed(try quickKey(1)))
      bench.handle(.keyDerived(try quickKey(2), generation: bench.derivations[0].generation))
      Self.hear(bench, try Self.sealed(try quickKey(2)))
      #expect(bench.heard.count == 2)
      #expect(bench.room.core.encryption.sending == (owner == nil ? .sealed(chain: 0, link: 1) : .silent))
    }
  }

  /// Several at once, as after a pause: each is derived when those before it do not help.
  @Test func aRatchetOfSeveralSteps() throws {
    let bench = try Self.hearing(encrypted(try quickKey(1)))
    let frame = try Self.sealed(try quickKey(5))
    for step in UInt8(2)...5 {
      for _ in 0..<Encryption.tryEvery { Self.hear(bench, frame) }
      bench.handle(
        .keyDerived(try quickKey(step), generation: try #require(bench.derivations.last).generation))
    }
    for _ in 0..<Encryption.tryEvery { Self.hear(bench, frame) }
    #expect(bench.heard.last?.payload == Self.frame && bench.room.encryptionStatistics.ratchets == 1)
  }

  /// Whoever sends rubbish for ever has a bounded number of keys derived.
  @Test func theWindowHasAnEnd() throws {
    let bench = try Self.hearing(encrypted(try quickKey(1)))
    let rubbish = try Self.sealed(try quickKey(9))
    for turn in 0..<400 {
      Self.hear(bench, rubbish)
      guard let asked = bench.derivations.last, bench.derivations.count > bench.answeredDerivations else {
        continue
      }
      bench.answeredDerivations = bench.derivations.count
      bench.handle(
        .keyDerived(try quickKey(UInt8(20 + turn % 200)), generation: asked.generation))
    }
    #expect(bench.derivations.count == KeyRing.window)
    #expect(Self.changes(bench) == [.wrongKey])
  }

  @Test func whatIsPlayedInEachMode() throws {
    let rows: [(EncryptionMode, Int, String?)] = [
      (.off, 0, nil), (.off, 1, "it is encrypted, and [e2ee] mode is off"), (.wanted, 0, nil),
      (.wanted, 1, nil), (.required, 0, "it is not encrypted, and [e2ee] mode is required"),
      (.required, 1, nil),
    ]
    for (mode, encryption, refusal) in rows {
      let bench = try Self.hearing(encrypted(mode: mode, try quickKey(1)), encryption: encryption)
      let refused: [String] = bench.events.compactMap {
        if case .trackRefused(_, let reason) = $0 { reason } else { nil }
      }
      #expect(refused == (refusal.map { [$0] } ?? []), "\(mode) \(encryption)")
      #expect(bench.room.subscriptions.count == (refusal == nil ? 1 : 0))
      if encryption == 0, refusal == nil {
        Self.hear(bench, [1, 2])
        #expect(bench.heard.map(\.payload) == [[1, 2]])
      }
    }
  }

  /// A server that calls an encrypted track clear is not believed for a moment.
  @Test func aTrackThatBecomesClear() throws {
    let bench = try Self.hearing(encrypted(try quickKey(1)))
    bench.server(
      Server.update([Server.participant("phone", "PA_p", version: 2, tracks: [Server.track("TR_A")])]))
    Self.hear(bench, [1, 2, 3])
    #expect(bench.room.subscriptions.isEmpty && bench.heard.isEmpty)
  }

  @Test func otherSettingsCountAtOnce() throws {
    let bench = try Self.hearing(encrypted(try quickKey(9)))
    for _ in 0..<60 { Self.hear(bench, try Self.sealed(try quickKey(1))) }
    bench.room.setEncryption(encrypted(try quickKey(1)), now: bench.now)
    Self.hear(bench, try Self.sealed(try quickKey(1)))
    #expect(bench.heard.count == 1 && Self.changes(bench) == [.wrongKey, .sealed])
    // What was asked for under other settings comes too late.
    bench.handle(.keyDerived(try quickKey(3), generation: 0))
    bench.room.setEncryption(EncryptionSettings(), now: bench.now)
    bench.drain()
    #expect(bench.room.subscriptions.isEmpty)
  }

  @Test func aTrackIsPublishedAnewWhereItsAnnouncementChanges() throws {
    let (bench, track) = try Self.published(EncryptionSettings())
    #expect(bench.last(4)?.number(14) == 0 && bench.count(4) == 1)
    bench.room.setEncryption(encrypted(try quickKey(1)), now: bench.now)
    bench.drain()
    #expect(bench.count(4) == 2 && bench.last(4)?.number(14) == 1)
    #expect(bench.room.localTracks[0].state == .publishing)
    let request = try #require(bench.last(4))
    bench.server(Server.published(request.text(1), "TR_AM2"))
    bench.answerOffer()
    bench.room.setEncryption(encrypted(try quickKey(2)), now: bench.now)
    bench.drain()
    #expect(bench.count(4) == 2)
    bench.room.send(AudioTests.frame(1), track: track, now: bench.now)
    let frame = try #require(bench.publisher?.sent.last?.frame.payload)
    #expect(try Self.opened(frame, try quickKey(2)) == [1, 1, 1])
  }
}
