import AudioEngine
import Base
import Configuration
import Control
import JSON
import LiveKit
import Telephony

/// Being called: who rings, and what comes of it.
extension Device {
  func carryOut(_ actions: [Ring.Action], now: Instant) {
    for action in actions {
      switch action {
      case .sound: perform([.stopTones, .audio(.playTone(.bell))], now: now)
      case .silence: perform([.stopTones], now: now)
      case .tell(let event): perform([.tell(event)], now: now)
      case .log(let priority, let words): perform([.log(priority, words, event: "ring.started")], now: now)
      case .take(let call): take(call, now: now)
      case .decline(let call, let refusal): decline(call, refusal, now: now)
      }
    }
  }

  var isBusy: Bool { switchboard.taken != nil || (call.state != .idle && call.state != .failed) }

  func offer(_ incoming: Ring.Incoming, now: Instant) {
    carryOut(switchboard.ring.offered(incoming, settings.ring, isBusy: isBusy, now: now), now: now)
  }

  private func take(_ incoming: Ring.Incoming, now: Instant) {
    switchboard.taken = incoming
    switch incoming.way {
    case .participant: engage(now: now)
    case .invocation(let call):
      messaging.answer(call, .done(payload: #"{"state":"answered"}"#), now: now)
      engageIfNeeded(now: now)
    case .otherRoom(let name): comeToCaller(in: name, now: now)
    case .whatsapp(let call, let offer): accept(incoming, call, offer, now: now)
    }
  }

  func comeToCaller(in name: String, now: Instant) {
    if isInRoom { return engageIfNeeded(now: now) }
    perform([.stay(.asked(Stay.Wish(room: name), by: .button))], now: now)
  }

  func engageIfNeeded(now: Instant) { if settings.ring.standby == .room { engage(now: now) } }

  private func decline(_ incoming: Ring.Incoming, _ refusal: Ring.Refusal, now: Instant) {
    switch incoming.way {
    case .participant(let sid):
      // Who is removed may be removed seconds later, and then as the next call of the same number: so a telephone is
      // only removed where the bridge did not do as it was asked.
      guard incoming.kind == "sip" else { return remove(incoming.identity, from: room.info.name, now: now) }
      askToHangUp(incoming.identity, for: .decline(incoming.identity, sid: sid), now: now)
    case .otherRoom(let name): remove(incoming.identity, from: name, now: now)
    case .whatsapp(let call, _): disconnect(call, byUser: false, now: now)
    case .invocation(let call):
      let code = refusal == .notAllowed ? 403 : refusal == .unanswered ? 408 : refusal == .busy ? 486 : 603
      messaging.answer(call, .refused(code: code, message: refusal.words, data: refusal.rawValue), now: now)
    }
  }

  /// Who was answered here is let go.
  func letTakenGo(now: Instant) {
    guard let incoming = switchboard.taken else { return }
    switchboard.taken = nil
    perform(
      [
        .tell(
          .callEnded(target: incoming.shown, by: "here", seconds: now.seconds(since: switchboard.engagedAt)))
      ],
      now: now)
    switch incoming.way {
    case .participant, .otherRoom:
      var going = incoming
      let seen = room.participants.first { $0.identity == incoming.identity }
      let isSeen = seen != nil
      if let seen { going.way = .participant(sid: seen.sid) }
      // Who waits for a stream is seen by nobody.
      if isSeen || incoming.kind != "sip" || !isInRoom { decline(going, .refused, now: now) }
    case .whatsapp: decline(incoming, .refused, now: now)
    case .invocation(let call):
      messaging.call(
        "lintel.hangup", of: call.caller.identity.text, payload: "",
        timeoutMilliseconds: DeviceLimits.turnAnswerMilliseconds, for: .nobody, now: now)
    }
  }

  /// The bridge was asked to end his call.
  func declineAnswered(_ identity: Name, _ sid: Name, _ result: Result<String, RPCError>, now: Instant) {
    let isThere = room.participants.contains { $0.identity == identity && $0.sid == sid }
    // An older bridge has no such method.
    if case .failure = result, isThere { remove(identity, from: room.info.name, now: now) }
  }

  func remove(_ identity: Name, from room: String, now: Instant) {
    do throws(APIFailure) {
      try ask(RoomAPI.remove(room: room, identity: identity.text), for: .decline, now: now)
    } catch {
      perform([.log(.info, "\(identity) cannot be removed by the server API: \(error.words)")], now: now)
    }
  }

  // MARK: - Who is in the room

  /// A telephone came, or says something new of itself.
  func phoneSeen(_ participant: Participant, now: Instant) {
    let status = participant.attributes["sip.callStatus"]
    switch participant.kind {
    case .sip:
      if switchboard.dialling.leg(of: participant.identity) != nil {
        let actions = switchboard.dialling.seen(
          participant.identity, status: status ?? "dialing", stamp: stamp, now: now)
        carryOut(actions, now: now)
      } else if switchboard.taken?.identity != participant.identity {
        inbound(participant, status, now: now)
      }
    case .connector:
      carryOut(switchboard.dialling.seen(participant.identity, status: nil, stamp: stamp, now: now), now: now)
    case .agent: agentSeen(participant, now: now)
    default: break
    }
  }

  private func inbound(_ participant: Participant, _ status: String?, now: Instant) {
    guard settings.ring.standby == .room else { return }
    if switchboard.ring.incoming?.identity == participant.identity {
      // Somebody else's microphone answered it; another telephone's is none that it was for.
      let others = room.participants.filter { $0.kind != .sip && $0.identity != participant.identity }
      if status == "active", others.contains(where: { !$0.tracks.isEmpty }) {
        carryOut(switchboard.ring.gone(participant.identity, reason: "answered by somebody else"), now: now)
      }
      return
    }
    guard !switchboard.offered.contains(participant.sid),
      status == "ringing" || (status == "active" && standsBy)
    else {
      return
    }
    switchboard.offered.append(participant.sid)
    if switchboard.offered.count > DeviceLimits.offeredMax { switchboard.offered.removeFirst() }
    let number = participant.attributes["sip.phoneNumber"]
    offer(
      Ring.Incoming(
        kind: participant.kind.word, identity: participant.identity,
        shown: number ?? participant.identity.text,
        trunk: participant.attributes["sip.trunkID"] ?? "", way: .participant(sid: participant.sid)), now: now
    )
  }

  /// An agent was called by its name, and comes with an identity that nobody chose.
  private func agentSeen(_ participant: Participant, now: Instant) {
    guard participant.isActiveAgent,
      !switchboard.agentLegs.contains(where: { $0.agent == participant.identity })
    else {
      return
    }
    let name = participant.attributes["lk.agent.name"]
    let leg = switchboard.dialling.legs.first { leg in
      leg.target.way == .agent && leg.isWanted && leg.phase != .answered
        && (name == nil || name?.utf8.elementsEqual(leg.target.address.utf8) == true)
    }
    guard let leg else { return }
    switchboard.agentLegs.append((participant.identity, leg.identity))
    carryOut(
      switchboard.dialling.seen(
        leg.identity, status: nil, agent: participant.identity, stamp: stamp, now: now), now: now)
  }

  func phoneLeft(_ participant: Participant, _ reason: DisconnectReason, now: Instant) {
    var identity = participant.identity
    if let index = switchboard.agentLegs.firstIndex(where: { $0.agent == identity }) {
      identity = switchboard.agentLegs.remove(at: index).leg
    }
    if let leg = switchboard.dialling.leg(of: identity) {
      let failure = Leg.Failure(reason, lastStatus: leg.status, ringSeconds: leg.ringSeconds)
      carryOut(switchboard.dialling.left(identity, failure, stamp: stamp, now: now), now: now)
    }
    callerLeft(identity, now: now)
  }

  /// Who rang the device, or was answered by it, has hung up.
  func callerLeft(_ identity: Name, now: Instant) {
    carryOut(switchboard.ring.gone(identity, reason: "hung up"), now: now)
    guard let incoming = switchboard.taken, incoming.identity == identity else { return }
    switchboard.taken = nil
    perform(
      [
        .tell(
          .callEnded(target: incoming.shown, by: "there", seconds: now.seconds(since: switchboard.engagedAt)))
      ],
      now: now)
    endCall(reason: "the caller hung up", now: now)
  }
}
