import Base
import WebRTC

/// Sound and keys.
extension Room {
  public var encryption: EncryptionSettings { core.encryption.settings }
  public var encryptionStatistics: EncryptionStatistics { core.encryption.statistics }
  /// What we send is encrypted.
  public var isSealing: Bool { if case .sealed = core.encryption.sending { true } else { false } }
  /// It has to be, and there is no key for it: nothing is sent.
  public var isSilenced: Bool { core.encryption.sending == .silent }

  /// Counts at once, in a session as well. Tracks are published anew where that changes how they are announced.
  public func setEncryption(_ settings: EncryptionSettings, now: Instant) {
    guard settings != core.encryption.settings else { return }
    var next = Encryption(settings)
    next.generation = core.encryption.generation &+ 1
    next.statistics = core.encryption.statistics
    next.trailer = core.encryption.trailer
    next.iv = (0, 0)
    for subscription in core.encryption.subscriptions { next.subscribed(subscription) }
    core.encryption = next
    core.choice.mode = settings.mode
    encryptionChanged(now)
  }

  /// Our key depends on who we are, which the token says before the server does.
  func encryptionChanged(_ now: Instant) {
    let known = core.directory.local.identity
    let identity = known.isEmpty ? core.tokens.flatMap { Name($0.configured.identity) } ?? "" : known
    core.encryption.chooseOwn(identity)
    guard isJoined else { return }
    for index in core.localTracks.indices {
      let track = core.localTracks[index]
      guard track.state == .published || track.state == .publishing,
        track.isEncrypted != core.encryption.seals
      else { continue }
      removeSender(at: index, now)
      core.localTracks[index].state = .waiting
      if track.state == .published {
        emit(.localTrackUnpublished(core.localTracks[index], reason: "its encryption changes"))
      }
    }
    publishWaiting(now)
    chooseSubscriptions(now)
  }

  /// Of a track of somebody else, subscribed or not.
  public func privacy(of track: RemoteTrack) -> TrackPrivacy {
    if let place = core.encryption.subscriptions.firstIndex(where: { $0.trackSID == track.sid }) {
      return core.encryption.readers[place].privacy
    }
    return track.isEncrypted ? .unproven : .clear
  }

  /// What is heard of a packet; nil: nothing.
  func opened(_ packet: ReceivedAudio) -> ReceivedAudio? {
    guard let place = core.encryption.reader(slot: packet.slot) else { return packet }
    let reader = core.encryption.readers[place]
    guard reader.isEncrypted else { return packet }
    var wanted: EncryptionKey?
    let payload = core.encryption.open(packet.payload, place, wantsKey: &wanted)
    if let wanted { derive(wanted) }
    let privacy = core.encryption.readers[place].privacy
    if privacy != reader.privacy {
      emit(.trackPrivacyChanged(core.encryption.subscriptions[place], privacy))
    }
    guard let payload else { return nil }
    var opened = packet
    opened.payload = payload
    return opened
  }

  func derive(_ key: EncryptionKey) { put(.deriveKey(after: key, generation: core.encryption.generation)) }

  /// What fails until then is tried with it.
  func keyDerived(_ key: EncryptionKey?, generation: Int) {
    guard generation == core.encryption.generation else { return }
    core.encryption.ring.derived(key)
  }
}
