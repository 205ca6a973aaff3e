import Base
import Configuration
import Control
import JSON
import LiveKit

/// What others in the room may ask of the telephone by RPC: README.md of Device has the table.
extension Device {
  /// Whether it was one of these methods.
  func servePhone(_ invocation: RemoteCall, now: Instant) -> Bool {
    switch invocation.method {
    case RemoteMethods.ring: beRung(invocation, now: now)
    case RemoteMethods.hangup: hangUpFor(invocation, now: now)
    case RemoteMethods.call: callFor(invocation, now: now)
    default: return false
    }
    return true
  }

  private func beRung(_ invocation: RemoteCall, now: Instant) {
    let caller = invocation.caller
    // The answer waits for the button, so no event of the call is told before.
    perform(
      [
        .tellWithin(
          budget: "rpc " + caller.kind, .rpc(identity: caller.words, method: invocation.method, failure: nil))
      ], now: now)
    offer(
      Ring.Incoming(
        kind: caller.kind, identity: caller.identity, shown: caller.words, trunk: caller.trunk,
        way: .invocation(invocation)), now: now)
  }

  /// Whoever rings, or is in a call with, this device may take that back; others need `[rpc] allow`.
  private func hangUpFor(_ invocation: RemoteCall, now: Instant) {
    let identity = invocation.caller.identity
    if switchboard.ring.incoming?.identity == identity, case .invocation? = switchboard.ring.incoming?.way {
      carryOut(switchboard.ring.gone(identity, reason: "taken back"), now: now)
      return answerRemote(.result(.object([])), to: invocation, now: now)
    }
    if let leg = switchboard.dialling.leg(of: identity), leg.target.way == .device {
      answerRemote(.result(.object([])), to: invocation, now: now)
      let failure = Leg.Failure(code: "hung-up", words: "hung up")
      return carryOut(switchboard.dialling.left(identity, failure, stamp: stamp, now: now), now: now)
    }
    if switchboard.taken?.identity == identity {
      answerRemote(.result(.object([])), to: invocation, now: now)
      return callerLeft(identity, now: now)
    }
    guard invocation.caller.isAllowed(by: settings.rpc.allow) else {
      return refuseRemote(invocation, now: now)
    }
    serveHangup(nil, .participant(invocation), now: now)
  }

  /// `{"target": NAME}` dials a name of the directory, and nothing else; without one it is a press.
  private func callFor(_ invocation: RemoteCall, now: Instant) {
    let asker = Asker.participant(invocation)
    guard invocation.caller.isAllowed(by: settings.rpc.allow) else {
      return refuseRemote(invocation, now: now)
    }
    let json =
      invocation.payload.utf8.isEmpty ? .object([]) : try? JSONValue.parse(Array(invocation.payload.utf8))
    guard let json, case .object(let members) = json, members.allSatisfy({ $0.name == "target" }) else {
      return answer(
        .refused(.invalidParameters("the payload is {\"target\": NAME}, or nothing")), to: asker, now: now)
    }
    guard let target = json["target"].string else { return serveCall(asker, now: now) }
    // A number would be dialled at the owner's expense.
    guard settings.directory.entry(target) != nil else {
      let words = "'\(printable(target))' is not in [directory]"
      return perform([.refuse("not-in-directory", words, asker)], now: now)
    }
    var request = DialRequest(target: target)
    request.waits = false
    serveDial(request, asker, now: now)
  }

  private func refuseRemote(_ invocation: RemoteCall, now: Instant) {
    let words = "\(invocation.caller.words) may not call \(invocation.method)"
    answer(.refused(.notAllowed(words)), to: .participant(invocation), now: now)
  }
}
