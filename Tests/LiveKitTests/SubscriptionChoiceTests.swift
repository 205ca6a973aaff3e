import Base
import Testing

@testable import LiveKit

/// The table of `SubscriptionChoice`, row by row.
@Suite struct SubscriptionChoiceTests {
  private func person(
    _ name: String, kind: Participant.Kind = .standard, muted: Bool = false, encrypted: Bool = false,
    type: TrackKind = .audio
  ) -> Participant {
    var participant = Participant()
    participant.identity = Name(name) ?? ""
    participant.sid = Name("PA_" + name) ?? ""
    participant.kind = kind
    var track = RemoteTrack()
    track.sid = Name("TR_" + name) ?? ""
    track.isMuted = muted
    track.isEncrypted = encrypted
    track.kind = type
    participant.tracks = [track]
    return participant
  }

  private func people(_ range: Range<Int>) -> [Participant] { range.map { person("p\($0)") } }
  private func speakers(_ names: String...) -> [Speaker] {
    names.map { Speaker(identity: Name($0) ?? "", level: 1) }
  }
  private func sids(_ participants: [Participant]) -> [Name] {
    participants.flatMap { $0.tracks.map { $0.sid } }
  }

  /// A choice of two that was made among these, one after the other.
  private func choice(_ present: [Participant], _ spoke: [[Speaker]] = [[]]) -> SubscriptionChoice {
    var choice = SubscriptionChoice(tracksMax: 2)
    var new = sids(present)
    for speakers in spoke {
      _ = choice.choose(from: present, speakers: speakers, new: new)
      new = []
    }
    return choice
  }

  @Test func eightSoundsAndNoPicture() {
    var choice = SubscriptionChoice(tracksMax: 8)
    var present: [Participant] = []
    for number in 0..<20 {
      var both = person("p\(number)")
      both.tracks.append(person("v\(number)", type: .video).tracks[0])
      present.append(both)
    }
    let change = choice.choose(from: present, speakers: [], new: sids(present))
    #expect(change.subscribe == sids(people(0..<8)))
    #expect(change.unsubscribe.isEmpty)
  }

  @Test(arguments: [Participant.Kind.agent, .sip, .connector, .bridge])
  func agentsAndPhonesComeFirst(kind: Participant.Kind) {
    var choice = choice(people(0..<2), [speakers("p0", "p1")])
    let present = people(0..<2) + [person("a", kind: kind)]
    let change = choice.choose(from: present, speakers: speakers("p0", "p1"), new: ["TR_a"])
    #expect(change == .init(subscribe: ["TR_a"], unsubscribe: ["TR_p1"]))
  }

  @Test func nobodyTakesTheirPlace() {
    let present = [person("a", kind: .agent), person("s", kind: .sip)] + people(0..<1)
    var choice = choice(present)
    let change = choice.choose(from: present, speakers: speakers("p0"), new: [])
    #expect(change == .init())
    #expect(choice.wanted == ["TR_a", "TR_s"])
  }

  @Test func whoSpeaksTakesThePlaceOfTheLongestSilent() {
    let present = people(0..<3)
    var choice = choice(present, [[], speakers("p0"), speakers("p1"), []])
    #expect(
      choice.choose(from: present, speakers: speakers("p2"), new: [])
        == .init(subscribe: ["TR_p2"], unsubscribe: ["TR_p0"]))
    // Among those who speak whoever is there stays.
    #expect(choice.choose(from: present, speakers: speakers("p0", "p1", "p2"), new: []) == .init())
    #expect(
      choice.choose(from: present, speakers: speakers("p0", "p2"), new: [])
        == .init(subscribe: ["TR_p0"], unsubscribe: ["TR_p1"]))
  }

  @Test func whoCouldSpeakTakesThePlaceOfSomebodyMuted() {
    var choice = choice([person("m", muted: true), person("n", muted: true)])
    let present = [person("m", muted: true), person("n", muted: true), person("p")]
    #expect(
      choice.choose(from: present, speakers: [], new: ["TR_p"])
        == .init(subscribe: ["TR_p"], unsubscribe: ["TR_n"]))
    let more = present + [person("o", muted: true)]
    #expect(choice.choose(from: more, speakers: [], new: ["TR_o"]) == .init())
  }

  @Test func whatCannotBeHeardIsAskedForLast() {
    let encrypted = person("e", encrypted: true)
    var choice = choice([encrypted] + people(0..<1))
    #expect(choice.wanted == ["TR_p0", "TR_e"])
    #expect(
      choice.choose(from: [encrypted] + people(0..<2), speakers: [], new: ["TR_p1"])
        == .init(subscribe: ["TR_p1"], unsubscribe: ["TR_e"]))
    // Refused, and then permitted after all.
    let news = [choice.note("TR_p0", isRefused: true), choice.note("TR_p0", isRefused: true)]
    #expect(news == [true, false])
    #expect(
      choice.choose(from: people(0..<3), speakers: [], new: ["TR_p2"])
        == .init(subscribe: ["TR_p2"], unsubscribe: ["TR_p0"]))
    _ = choice.note("TR_p0", isRefused: false)
    #expect(
      choice.choose(from: [people(0..<3)[0]], speakers: [], new: []) == .init(subscribe: ["TR_p0"]))
  }

  @Test func aPlaceThatIsFreeIsTaken() {
    var choice = choice(people(0..<4))
    let change = choice.choose(from: Array(people(0..<4)[1...]), speakers: [], new: [])
    // Nobody has to be told of a track that is gone.
    #expect(change == .init(subscribe: ["TR_p2"]))
  }

  /// Where the server subscribes by itself it is told what is not wanted, and once.
  @Test func automatic() {
    var choice = SubscriptionChoice(tracksMax: 2)
    choice.isAutomatic = true
    let video = person("v", type: .video)
    let present = people(0..<3) + [video]
    #expect(
      choice.choose(from: present, speakers: [], new: sids(present))
        == .init(unsubscribe: ["TR_p2", "TR_v"]))
    #expect(choice.choose(from: present, speakers: [], new: []) == .init())
    #expect(
      choice.choose(from: present, speakers: speakers("p2"), new: [])
        == .init(subscribe: ["TR_p2"], unsubscribe: ["TR_p1"]))
    #expect(
      choice.choose(from: present + [person("a", kind: .agent)], speakers: speakers("p2"), new: ["TR_a"])
        == .init(unsubscribe: ["TR_p0"]))
  }

  @Test func fiveHundredAreNoLoad() {
    var choice = SubscriptionChoice(tracksMax: 8)
    var present = people(0..<500)
    present.append(person("a", kind: .agent))
    _ = choice.choose(from: present, speakers: [], new: sids(present))
    #expect(choice.wanted.contains("TR_a"))
    for number in 0..<200 {
      let change = choice.choose(from: present, speakers: speakers("p\(number)"), new: [])
      #expect(change.subscribe.count == change.unsubscribe.count)
      #expect(choice.wanted.count == 8 && choice.wanted.contains("TR_a"))
    }
  }
}
