import Base
import Configuration
import Control
import LiveKit

/// Encryption from end to end: what the room is told of it, and what is told of the room.
extension Device {
  /// At the start, and whenever the configuration was read anew.
  func encrypt(now: Instant) { room.setEncryption(EncryptionSettings(settings.encryption), now: now) }

  func encryptionEvent(_ event: LiveKit.Event, now: Instant) {
    switch event {
    case .trackPrivacyChanged(let subscription, let privacy):
      let identity = subscription.identity
      let words = PrivacyWords.problem(identity, privacy, settings.encryption.mode)
      let text = words ?? "\(identity) is understood: what it says is encrypted from end to end"
      perform(
        [
          .logWithin(
            budget: "encryption", words == nil ? .notice : .warning, text, event: "encryption.track"),
          .tellWithin(
            budget: "encryption",
            .encryptionTrack(
              identity: identity.text, sid: subscription.trackSID.text, state: privacy.word)),
        ], now: now)
      report.noteChange()
    case .clearRefused(let sender, let what):
      refuse(sender, what, "is not encrypted from end to end, which [e2ee] mode = required demands", now: now)
    case .packetUnreadable(let sender):
      let why =
        settings.encryption.mode == .off
        ? "is encrypted, and [e2ee] mode is off" : "is encrypted with a key that is not here"
      refuse(sender, "data", why, now: now)
    default: break
    }
  }

  private func refuse(_ sender: Sender, _ what: String, _ why: String, now: Instant) {
    let who = audience.caller(sender).words
    perform(
      [
        .logWithin(
          budget: "encryption", .warning, "refused \(what) from \(who): it \(why)",
          event: "encryption.refused"),
        .tellWithin(
          budget: "encryption", .encryptionRefused(identity: who, what: what, reason: "it " + why)),
      ], now: now)
  }

  /// Of whose track it is, for a log.
  func owner(ofTrack sid: Name) -> String {
    for participant in room.participants where participant.tracks.contains(where: { $0.sid == sid }) {
      return " of \(participant.identity)"
    }
    return ""
  }

  var encryptionStatus: EncryptionStatus {
    var status = EncryptionStatus()
    status.mode = settings.encryption.mode.rawValue
    let fingerprint = room.encryption.fingerprint
    status.fingerprint = fingerprint.isEmpty ? nil : fingerprint
    status.sends = room.isSilenced ? "nothing" : room.isSealing ? "encrypted" : "clear"
    let counted = room.encryptionStatistics
    status.opened = counted.framesOpened
    status.failed = counted.framesUnreadable + counted.framesWithoutKey + counted.packetsUnreadable
    status.refused = counted.clearRefused
    status.problems = encryptionProblems.map { $0.words }
    return status
  }

  /// What keeps this device and the others from understanding each other, or the server from knowing nothing.
  var encryptionProblems: [EncryptionProblem] {
    let mode = settings.encryption.mode
    var problems: [EncryptionProblem] = []
    if mode != .off, stay.connection != .disconnected {
      if room.isSilenced {
        problems.append(
          .init(words: "there is no key for what this device sends, so it sends nothing", kind: .ours))
      } else if !room.isSealing {
        problems.append(
          .init(words: "there is no key for what this device sends, so it goes in the clear", kind: .ours))
      }
    }
    guard stay.connection != .disconnected else { return problems }
    for participant in room.participants {
      for track in participant.tracks where track.kind == .audio {
        let privacy = room.privacy(of: track)
        guard let words = PrivacyWords.problem(participant.identity, privacy, mode) else { continue }
        let kind: EncryptionProblem.Kind =
          privacy == .clear ? .clear : privacy == .unproven ? .off : .otherKey
        problems.append(.init(words: words, kind: kind))
        break
      }
    }
    return problems
  }
}

struct EncryptionProblem: Equatable {
  enum Kind { case ours, clear, off, otherKey }
  var words: String
  var kind: Kind
}

enum PrivacyWords {
  /// What is wrong with a track like that; nil: nothing.
  static func problem(_ identity: Name, _ privacy: TrackPrivacy, _ mode: EndToEndMode) -> String? {
    switch (privacy, mode) {
    case (.wrongKey, .wanted), (.wrongKey, .required):
      "\(identity) is encrypted with another key than this device has, so nothing it says is understood"
    case (.noKey, .wanted), (.noKey, .required):
      "\(identity) is encrypted with a key that this device has none of, so nothing it says is understood"
    case (.clear, .required): "\(identity) is not encrypted, so it is not played ([e2ee] mode is required)"
    case (.clear, .wanted): "\(identity) is not encrypted, so the server can listen to it"
    case (.unproven, .off): "\(identity) is encrypted, so it is not played ([e2ee] mode is off)"
    default: nil
    }
  }
}

extension EncryptionSettings {
  init(_ settings: EndToEndSettings) {
    self.init()
    switch settings.mode {
    case .off: mode = .off
    case .wanted: mode = .wanted
    case .required: mode = .required
    }
    index = settings.keyIndex
    for secret in settings.secrets {
      let key = EncryptionKey(
        owner: secret.owner, index: secret.index, material: secret.passphrase, key: secret.key)
      if let key { keys.append(key) }
    }
  }
}

extension DoctorFacts {
  /// What a self-test says of it: nothing where nobody encrypts.
  var encryptionRows: [DoctorRow] {
    let name = "encryption"
    guard let problem = encryptionProblems.first else {
      guard settings.encryption.mode != .off else { return [] }
      return [
        DoctorRow(
          name, .pass,
          hasOthers
            ? "the others are encrypted and understood; fingerprint \(fingerprint)"
            : "on; nobody is there to compare with; fingerprint \(fingerprint)")
      ]
    }
    let advice: String =
      switch problem.kind {
      case .ours:
        "give it a key: the credential e2ee-passphrase, or a line for its identity in [e2ee] keys-file"
      case .clear:
        "others are not encrypted: have their application encrypt with the same passphrase (a telephone cannot), or set "
          + "[e2ee] mode = off"
      case .off: "others are encrypted: set [e2ee] mode = wanted, and their passphrase"
      case .otherKey:
        "others are encrypted with another key: give all the same passphrase; here its fingerprint is \(fingerprint)"
      }
    let isFailure = problem.kind == .otherKey || settings.encryption.mode == .required
    return [DoctorRow(name, isFailure ? .fail : .warn, problem.words, advice: advice)]
  }
}
