import Base
import WebRTC

/// The keys of everybody, and what they were ratcheted to since.
///
/// A ratchet cannot be asked back: whoever ratchets uses the next key of a chain that both can derive, and says nothing.
/// So a key that does not open what comes is followed by those after it, up to a window. Deriving one takes tens of
/// milliseconds, and happens apart, one at a time; what is derived is kept for everybody who uses the same key.
struct KeyRing {
  /// A key and those that follow it.
  struct Chain {
    var links: [Link]
    var owner: Name? { links[0].key.owner }
    var index: Int { links[0].key.index }
  }

  /// It is looked up for every frame, and a reference is copied sooner than what it holds.
  final class Link {
    let key: EncryptionKey
    let opener: GaloisCipher
    let sealer: GaloisCipher

    init?(_ key: EncryptionKey) {
      guard let opener = GaloisCipher.make(key: key.key, encrypts: false),
        let sealer = GaloisCipher.make(key: key.key, encrypts: true)
      else { return nil }
      self.key = key
      self.opener = opener
      self.sealer = sealer
    }
  }

  /// How far one participant has come in a chain.
  private struct Position {
    var identity: Name
    var chain: Int
    var link: Int
  }

  /// As LiveKit's native clients have it.
  static let window = 16
  /// Of one chain: after that a device has to be told the key anew.
  static let linksMax = 64
  static let keysMax = 64
  /// Of participants who are not where their keys begin.
  private static let positionsMax = 64

  private(set) var chains: [Chain] = []
  private var positions: [Position] = []
  /// The chain whose next link is being derived.
  private(set) var deriving: Int?

  init() {}

  init(_ keys: [EncryptionKey]) {
    for key in keys.prefix(Self.keysMax) {
      guard let link = Link(key), find(key.owner, key.index) == nil else { continue }
      chains.append(Chain(links: [link]))
    }
  }

  private func find(_ owner: Name?, _ index: Int) -> Int? {
    chains.firstIndex { $0.index == index && $0.owner == owner }
  }

  /// The chain of this participant at a place of the ring: his own, if he has one there, else everybody's.
  func chain(of identity: Name, index: Int) -> Int? {
    let index = index & (EncryptionKey.ringSize - 1)
    return find(identity, index) ?? find(nil, index)
  }

  func position(of identity: Name, in chain: Int) -> Int {
    positions.first { $0.chain == chain && $0.identity == identity }?.link ?? 0
  }

  /// Somebody was understood with a later link than before. It never goes back.
  mutating func advance(_ identity: Name, in chain: Int, to link: Int) {
    if let index = positions.firstIndex(where: { $0.chain == chain && $0.identity == identity }) {
      positions[index].link = max(positions[index].link, link)
      return
    }
    if positions.count >= Self.positionsMax { positions.remove(at: 0) }
    positions.append(Position(identity: identity, chain: chain, link: link))
  }

  /// The session of a participant is over: in the next one he may begin where his key begins.
  mutating func forget(_ identity: Name) { positions = positions.filter { $0.identity != identity } }

  /// Everything was tried: the key to derive the next link from, if there may be one and none is under way.
  mutating func wantsLink(_ chain: Int, after position: Int) -> EncryptionKey? {
    let count = chains[chain].links.count
    guard deriving == nil, count - 1 - position < Self.window, count < Self.linksMax else { return nil }
    deriving = chain
    return chains[chain].links[count - 1].key
  }

  /// The next link is there before it is needed, as whoever ratchets does not understand us until we have followed.
  mutating func wantsNext(_ chain: Int, after position: Int) -> EncryptionKey? {
    chains[chain].links.count - 1 > position ? nil : wantsLink(chain, after: position)
  }

  mutating func derived(_ key: EncryptionKey?) {
    guard let chain = deriving else { return }
    deriving = nil
    if let key, let link = Link(key) { chains[chain].links.append(link) }
  }
}
