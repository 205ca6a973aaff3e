import Base
import WebRTC

/// How private a track of somebody else is, as far as it is known.
public enum TrackPrivacy: Equatable, Sendable {
  case clear
  /// It is said to be encrypted, and nothing of it has come yet.
  case unproven
  /// What comes is encrypted, and understood.
  case sealed
  /// What comes does not fit our key: its owner has another one.
  case wrongKey
  /// We have no key of his at that place of the ring.
  case noKey

  /// For programs and people.
  public var word: String {
    switch self {
    case .clear: "clear"
    case .unproven: "encrypted"
    case .sealed: "private"
    case .wrongKey: "wrong-key"
    case .noKey: "no-key"
    }
  }
}

/// Counters since the room object was made.
public struct EncryptionStatistics: Equatable, Sendable {
  public var framesOpened = 0
  /// Frames that no key of ours opens, or that are no encrypted frames at all.
  public var framesUnreadable = 0
  /// Frames of a place in the ring where there is no key.
  public var framesWithoutKey = 0
  /// Silence that the server put into encrypted tracks, and what it put there beside that: dropped.
  public var framesInjected = 0
  public var framesInjectedRefused = 0
  /// Of ours, that were not sent because there is no key.
  public var framesUnsent = 0
  public var packetsOpened = 0
  public var packetsUnreadable = 0
  /// Packets in the clear that were refused.
  public var clearRefused = 0
  /// Times that somebody's next key was followed.
  public var ratchets = 0

  public init() {}
}

/// What encryption from end to end changes in a room. On the way of a frame nothing is allocated: the two buffers are
/// used again as soon as the frame before has been handed on.
struct Encryption {
  /// What we send goes like this.
  enum Sending: Equatable {
    case clear
    case sealed(chain: Int, link: Int)
    /// It must be encrypted, and there is no key for it.
    case silent
  }

  /// What of one subscription is understood. Every frame looks at it, so it has nothing that would have to be counted.
  struct Reader {
    let slot: Int
    let isEncrypted: Bool
    var privacy: TrackPrivacy
    /// The place in the ring that its frames name, and what it leads to.
    var index = -1
    var chain: Int?
    var link = 0
    /// Since a frame was understood.
    var failures = 0
  }

  /// After so many in a row a key is called wrong, or after the second number while the next one is being derived.
  static let failuresMax = (usual: 5, whileDeriving: 50)
  /// Later keys are tried with one in so many frames, beginning with the first: what is damaged does not come this far.
  static let tryEvery = 8

  var settings = EncryptionSettings()
  var ring = KeyRing()
  /// Which settings a key that is being derived belongs to.
  var generation = 0
  private(set) var sending = Sending.clear {
    didSet {
      if case .sealed(let chain, let link) = sending {
        sealer = ring.chains[chain].links[link].sealer
      } else {
        sealer = nil
      }
    }
  }
  /// Of the key that we send with, for frames to find it without a way through the ring.
  private(set) var sealer: GaloisCipher?
  var statistics = EncryptionStatistics()
  /// Of the room that we are in.
  var trailer: [UInt8] = []
  private(set) var readers: [Reader] = []
  /// Whose they are, place by place.
  private(set) var subscriptions: [Subscription] = []
  var iv: (UInt64, UInt32) = (0, 0)
  var sealed: [UInt8] = []
  private(set) var opened: [UInt8] = []

  init(_ settings: EncryptionSettings = EncryptionSettings()) {
    self.settings = settings
    ring = KeyRing(settings.mode == .off ? [] : settings.keys)
    sealed.reserveCapacity(Self.frameBytes)
    opened.reserveCapacity(Self.frameBytes)
  }

  private static let frameBytes = 1500

  /// Whether our tracks are announced as encrypted.
  var seals: Bool { sending != .clear }

  mutating func subscribed(_ subscription: Subscription) {
    subscriptions.append(subscription)
    let isEncrypted = subscription.isEncrypted
    readers.append(
      Reader(slot: subscription.slot, isEncrypted: isEncrypted, privacy: isEncrypted ? .unproven : .clear))
  }

  mutating func unsubscribed(slot: Int) {
    subscriptions = subscriptions.filter { $0.slot != slot }
    readers = readers.filter { $0.slot != slot }
  }

  /// The place of whoever is heard there.
  func reader(slot: Int) -> Int? {
    for place in readers.indices where readers[place].slot == slot { return place }
    return nil
  }

  mutating func chooseOwn(_ identity: Name) {
    guard settings.mode != .off else {
      sending = .clear
      return
    }
    guard let chain = ring.chain(of: identity, index: settings.index) else {
      sending = settings.mode == .required ? .silent : .clear
      return
    }
    if case .sealed(chain, _) = sending { return }
    sending = .sealed(chain: chain, link: 0)
  }

  /// What everybody's key was ratcheted to is what everybody understands.
  mutating func followed(_ identity: Name, _ chain: Int, to link: Int) {
    statistics.ratchets &+= 1
    ring.advance(identity, in: chain, to: link)
    guard ring.chains[chain].owner == nil, case .sealed(chain, let own) = sending, own < link else { return }
    sending = .sealed(chain: chain, link: link)
  }

  /// Never the same twice: the other half is drawn anew whenever the count has run through.
  mutating func nextIV(_ random: any RandomSource) -> (UInt64, UInt32) {
    if iv.1 == 0 { iv.0 = random.nextUInt64() }
    defer { iv.1 &+= 1 }
    return iv
  }

  /// What leaves in place of a frame; nil: nothing does. Of an empty frame there is nothing to hide.
  mutating func seal(_ frame: [UInt8], _ random: any RandomSource) -> [UInt8]? {
    switch sending {
    case .clear: return frame
    case .silent:
      statistics.framesUnsent &+= 1
      return nil
    case .sealed:
      if frame.isEmpty { return frame }
      guard let sealer,
        SealedFrame.seal(frame, iv: nextIV(random), index: settings.index, with: sealer, into: &sealed)
      else {
        statistics.framesUnsent &+= 1
        return nil
      }
      return sealed
    }
  }

  /// What is heard of a frame of an encrypted track; nil: nothing. Later keys are wanted where `wantsKey` is set.
  mutating func open(_ frame: [UInt8], _ place: Int, wantsKey: inout EncryptionKey?) -> [UInt8]? {
    if InjectedFrame.has(trailer, frame) {
      guard InjectedFrame.isSilence(frame, trailer: trailer) else {
        statistics.framesInjectedRefused &+= 1
        return nil
      }
      statistics.framesInjected &+= 1
      return Array(frame.dropLast(trailer.count))
    }
    guard let index = SealedFrame.keyIndex(frame) else { return failed(place, .wrongKey) }
    var reader = readers[place]
    if reader.index != index {
      let identity = subscriptions[place].identity
      reader.index = index
      reader.chain = ring.chain(of: identity, index: index)
      reader.link = reader.chain.map { ring.position(of: identity, in: $0) } ?? 0
      readers[place] = reader
    }
    guard let chain = reader.chain else { return failed(place, .noKey) }
    let link = reader.link
    if SealedFrame.open(frame, with: ring.chains[chain].links[link].opener, into: &opened) {
      statistics.framesOpened &+= 1
      guard reader.privacy != .sealed || reader.failures > 0 else { return opened }
      if reader.privacy != .sealed { wantsKey = ring.wantsNext(chain, after: link) }
      understood(place)
      return opened
    }
    guard reader.failures % Self.tryEvery == 0 else { return failed(place, .wrongKey) }
    for later in ring.chains[chain].links.indices where later > link {
      guard SealedFrame.open(frame, with: ring.chains[chain].links[later].opener, into: &opened) else {
        continue
      }
      readers[place].link = later
      followed(subscriptions[place].identity, chain, to: later)
      wantsKey = ring.wantsNext(chain, after: later)
      statistics.framesOpened &+= 1
      understood(place)
      return opened
    }
    wantsKey = ring.wantsLink(chain, after: link)
    return failed(place, .wrongKey)
  }

  private mutating func understood(_ place: Int) {
    readers[place].failures = 0
    readers[place].privacy = .sealed
  }

  private mutating func failed(_ place: Int, _ why: TrackPrivacy) -> [UInt8]? {
    if why == .noKey { statistics.framesWithoutKey &+= 1 } else { statistics.framesUnreadable &+= 1 }
    readers[place].failures &+= 1
    let isBeingDerived = readers[place].chain != nil && ring.deriving == readers[place].chain
    let failuresMax = isBeingDerived ? Self.failuresMax.whileDeriving : Self.failuresMax.usual
    if readers[place].failures >= failuresMax { readers[place].privacy = why }
    return nil
  }

  /// What a packet holds, with the key of whoever the server says sent it.
  mutating func open(
    _ packet: DataPacket.Encrypted, from identity: Name, wantsKey: inout EncryptionKey?
  ) -> [UInt8]? {
    guard packet.isKnown, let chain = ring.chain(of: identity, index: packet.keyIndex) else { return nil }
    let position = ring.position(of: identity, in: chain)
    for link in ring.chains[chain].links.indices where link >= position {
      let opener = ring.chains[chain].links[link].opener
      guard let opened = SealedFrame.open(packet.value, iv: packet.iv, with: opener) else { continue }
      if link > position { followed(identity, chain, to: link) }
      return opened
    }
    wantsKey = ring.wantsLink(chain, after: position)
    return nil
  }
}
