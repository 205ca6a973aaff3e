import Base
import Control
import LiveKit

/// Who else is in the room and can be heard, and who somebody is who asks for something.
struct Audience {
  /// What somebody asked before the server announced him.
  enum Message: Equatable {
    case call(RemoteCall)
    case key(UInt8, Caller)
  }

  private let room: any MessagingRoom
  /// The remote tracks that are received, each in its slot.
  private var tracks: [Subscription] = []
  private(set) var speakers: [Name] = []
  private(set) var quality: String?
  private var agentSeen: (identity: Name?, state: String?) = (nil, nil)
  /// Who is in no room and reaches this device all the same.
  var strangers = Strangers()
  private var admission = Admission<Message>()

  init(_ room: any MessagingRoom) { self.room = room }

  /// Nothing is played meanwhile.
  private(set) var isHeld = false

  /// Whether anybody's sound is being received. A telephone that rings sends silence already.
  var somebodyIsHeard: Bool { tracks.contains { !ringsStill($0.identity) } }

  private func ringsStill(_ identity: Name) -> Bool {
    room.participants.first { $0.identity == identity }?.isRingingPhone ?? false
  }
  var somebodySpeaks: Bool { !speakers.isEmpty }

  /// The agent that counts: one that speaks for itself, not the worker that lends it a face.
  var agent: Participant? { room.participants.first { $0.isActiveAgent } }
  /// The server has taken the agent's own voice on.
  var agentHasTrack: Bool { agent?.tracks.contains { $0.kind == .audio } ?? false }
  var agentState: String? { agent?.attributes["lk.agent.state"] }

  /// Somebody who is no agent and listens.
  var hasOtherListeners: Bool {
    room.participants.contains { [.standard, .sip, .connector].contains($0.kind) && !$0.isRingingPhone }
  }

  var deadlines: [Deadline] { [admission.deadline] }

  func isSubscribed(_ trackSID: Name) -> Bool { tracks.contains { $0.trackSID == trackSID } }

  // MARK: - Who that is

  /// By what the server stamps on everything that is sent, never by a name.
  func caller(_ sender: Sender) -> Caller {
    switch sender {
    case .server: return .server
    case .hidden(let sid): return Caller(kind: "hidden", identity: "", sid: sid)
    case .participant(let sid, let identity):
      let participant = sender.participant(among: room.participants)
      var caller = Caller(kind: participant?.kind.word ?? Caller.unknownKind, identity: identity, sid: sid)
      if let participant, participant.kind == .sip {
        caller.trunk = participant.attributes["sip.trunkID"] ?? ""
      }
      return caller
    }
  }

  func caller(_ participant: Participant) -> Caller {
    Caller(kind: participant.kind.word, identity: participant.identity, sid: participant.sid)
  }

  /// What can be done now. What comes of somebody who is not announced yet waits for that.
  mutating func admit(_ message: Message, now: Instant) -> [Effect] {
    let caller = message.caller
    if caller.kind == Caller.unknownKind, admission.hold(message, from: caller.sender, now: now) { return [] }
    return [message.effect(of: caller)]
  }

  mutating func passTime(now: Instant) -> [Effect] {
    admission.expired(now: now).map { $0.effect(of: caller($0.caller.sender)) }
  }

  // MARK: - Who comes and goes

  func joined(_ participant: Participant) -> [Effect] {
    [
      .tell(.participantJoined(identity: participant.identity.text, kind: participant.kind.word)),
      .log(.info, "\(participant.identity) is in the room", event: "participant.joined"),
    ]
  }

  /// The server says of this one who it is: with its coming, with its going if that is all there is, or with a new
  /// session under its old name.
  mutating func announced(_ participant: Participant) -> [Effect] {
    let known = caller(participant)
    return admission.announced(participant).map { $0.effect(of: known) }
  }

  func left(_ participant: Participant, _ reason: DisconnectReason) -> [Effect] {
    [
      .tell(.participantLeft(identity: participant.identity.text, reason: reason.words)),
      .log(.info, "\(participant.identity) left: \(reason.words)", event: "participant.left"),
    ]
  }

  /// Tells when the agent does something else.
  mutating func watchAgent() -> [Effect] {
    let agent = agent
    guard agent?.identity != agentSeen.identity || agentState != agentSeen.state else { return [] }
    agentSeen = (agent?.identity, agentState)
    return agent.map { [.tell(.agentState(identity: $0.identity.text, state: agentSeen.state))] } ?? []
  }

  // MARK: - Who is heard

  mutating func opened(_ subscription: Subscription) -> [Effect] {
    forget(slot: subscription.slot)
    tracks.append(subscription)
    let opened: [Effect] = isHeld ? [] : [.audio(.openTrack(slot: subscription.slot))]
    return opened + [
      .tell(.trackSubscribed(identity: subscription.identity.text, sid: subscription.trackSID.text)),
      .log(.info, "hearing \(subscription.identity)"),
    ]
  }

  mutating func closed(_ subscription: Subscription) -> [Effect] {
    forget(slot: subscription.slot)
    return [
      .audio(.closeTrack(slot: subscription.slot)),
      .tell(.trackUnsubscribed(identity: subscription.identity.text, sid: subscription.trackSID.text)),
    ]
  }

  /// What is received is played, or not.
  mutating func hold(_ isHeld: Bool) -> [Effect] {
    self.isHeld = isHeld
    return tracks.map { .audio(isHeld ? .closeTrack(slot: $0.slot) : .openTrack(slot: $0.slot)) }
  }

  private mutating func forget(slot: Int) { tracks = tracks.filter { $0.slot != slot } }

  mutating func speak(_ speaking: [Speaker]) -> [Effect] {
    speakers = speaking.map { $0.identity }
    return [.tell(.roomSpeakers(speakers.map { $0.text }))]
  }

  mutating func rate(_ quality: ConnectionQuality) -> [Effect] {
    self.quality = quality.word
    return [.tell(.roomQuality(quality.word))]
  }

  /// Nobody is left of a room that is closed, and nobody waits for an answer.
  mutating func roomClosed() {
    speakers = []
    quality = nil
    agentSeen = (nil, nil)
    admission.clear()
  }
}

extension Participant {
  /// A telephone whose call is not answered yet, by the word of its bridge.
  var isRingingPhone: Bool {
    guard kind == .sip, let status = attributes["sip.callStatus"] else { return false }
    return status != "active" && status != "hangup"
  }
}

extension Caller {
  /// Of somebody in the room; it is empty of whoever has no name there.
  fileprivate var sender: Sender { .participant(sid: sid, identity: identity) }
}

extension Audience.Message {
  var caller: Caller {
    switch self {
    case .call(let call): call.caller
    case .key(_, let caller): caller
    }
  }

  func effect(of caller: Caller) -> Effect {
    switch self {
    case .call(var call):
      call.caller = caller
      return .serve(call)
    case .key(let key, _): return .key(key, caller)
    }
  }
}
