import Base
import LiveKit

/// Calls and keys of somebody whom the server has not announced yet. Servers announce who publishes nothing in batches
/// of three seconds, so who calls at once would be judged as nobody: what came is kept, in order, until the sender is
/// known or the time is over.
///
/// | what comes | its sender | what is done |
/// |---|---|---|
/// | a call or a key | is known, and nothing of the same waits | done at once |
/// | a call or a key | is not announced | kept, for 4 s at most |
/// | a call or a key | is not announced, and 8 of the same or 64 of all wait already | done at once, as of somebody unknown |
/// | the announcement | waits | all of it is done, in order, by what the server says of the sender |
/// | nothing for 4 s | waits | done, as of somebody unknown |
struct Admission<Message> {
  private struct Waiting {
    let sender: Sender
    let message: Message
    let due: Instant
  }

  private var waiting: [Waiting] = []

  init() {}

  var deadline: Deadline { Deadline("announcement", waiting.first?.due) }

  /// False if there is no room for it.
  mutating func hold(_ message: Message, from sender: Sender, now: Instant) -> Bool {
    // Who is hidden is never announced, and must not take the place of those who will be.
    var same = 0
    for message in waiting where message.sender == sender { same += 1 }
    guard waiting.count < DeviceLimits.unannouncedMax, same < DeviceLimits.unannouncedOfOneMax else {
      return false
    }
    let due = now.advanced(byMilliseconds: DeviceLimits.announcementMilliseconds)
    waiting.append(Waiting(sender: sender, message: message, due: due))
    return true
  }

  /// What waited for this one, oldest first.
  mutating func announced(_ participant: Participant) -> [Message] {
    func isMeant(_ message: Waiting) -> Bool { message.sender.isIt(participant) }
    let known = waiting.filter(isMeant)
    waiting = waiting.filter { !isMeant($0) }
    return known.map { $0.message }
  }

  /// What has waited long enough, oldest first.
  mutating func expired(now: Instant) -> [Message] {
    let old = waiting.filter { $0.due <= now }
    waiting = waiting.filter { $0.due > now }
    return old.map { $0.message }
  }

  mutating func clear() { waiting = [] }
}
