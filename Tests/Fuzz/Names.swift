import Base
import Configuration

@testable import LiveKit

/// Two names, parted by a byte that no text holds, wherever names decide who somebody is: they are one exactly if
/// their bytes are, and what is no name is nobody's.
func fuzzNames(_ bytes: [UInt8]) {
  let cut = bytes.firstIndex(of: 0xFE) ?? bytes.count / 2
  let one = Array(bytes[..<cut])
  let other = Array(bytes[cut...].dropFirst())
  guard let first = sender(one), let second = sender(other) else { return }
  let areOne = one == other
  precondition((first == second) == areOne, "two names are taken for one")
  precondition(Set([first, second]).count == (areOne ? 1 : 2), "two names have one place")
  var directory = Directory(participantsMax: 4)
  var participants: [Participant] = []
  for (identity, sid) in [(first, "PA_1"), (second, "PA_2")] as [(Name, Name)] where !identity.isEmpty {
    var participant = Participant()
    participant.identity = identity
    participant.sid = sid
    participant.state = .active
    participants.append(participant)
  }
  _ = directory.apply(participants)
  precondition(directory.remotes.count == (areOne ? min(1, participants.count) : participants.count))
  if !one.contains(UInt8(ascii: "*")) {
    let rules = AllowRules([.init(kind: "agent", pattern: first.text)])
    precondition(rules.allow(kind: "agent", identity: second.text) == areOne, "a rule lets a look-alike in")
  }
}

/// Decoded as the identity of a packet's sender; nil for what is no name, which the packet must not survive.
private func sender(_ identity: [UInt8]) -> Name? {
  var length: [UInt8] = []
  var rest = identity.count
  while rest >= 0x80 {
    length.append(UInt8(rest & 0x7F) | 0x80)
    rest >>= 7
  }
  length.append(UInt8(rest))
  // An empty packet of user data, the identity (field 4) and a session (field 17).
  let packet = [0x12, 0x00, 0x22] + length + identity + [0x8A, 0x01, 0x02, 0x50, 0x41]
  var dropped = 0
  let read = DataPacketDecoder.decode(packet, limits: Limits(), dropped: &dropped)
  let isText = Array(String(decoding: identity, as: UTF8.self).utf8) == identity
  let isName = isText && identity.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
  precondition((read != nil) == isName, "a name is refused, or what is none is taken")
  if let read { precondition(read.identity.bytes == identity, "a name is read as another") }
  return read?.identity
}
