import Base
import Configuration
import Control
import JSON
import Testing

@testable import Device
@testable import LiveKit

@Suite struct EncryptionTests {
  private static let secret = EndToEndSecret(owner: nil, index: 0, passphrase: Array("open sesame".utf8))

  private static func settings(
    _ settings: inout Settings, _ mode: EndToEndMode = .required, key: UInt8? = 7
  ) {
    settings.encryption.mode = mode
    guard let key else { return }
    var secret = Self.secret
    secret.key = [UInt8](repeating: key, count: 16)
    settings.encryption.secrets = [secret]
  }

  @Test func statusShowsAFingerprintAndNoKey() throws {
    let off = try Bench().status["encryption"]
    #expect(off["mode"].string == "off" && off["fingerprint"].string == nil && off["sends"].string == "clear")
    let bench = try Bench { Self.settings(&$0) }
    let status = bench.status["encryption"]
    let fingerprint = try #require(status["fingerprint"].string)
    #expect(status["mode"].string == "required" && fingerprint.utf8.count == 19)
    #expect(status["sends"].string == "nothing" || status["sends"].string == "encrypted")
    let other = try Bench { Self.settings(&$0, key: 8) }.status["encryption"]["fingerprint"].string
    #expect(other != nil && other != fingerprint)
    var shown = bench.status.text + Metrics.openMetrics(bench.device?.metrics(now: bench.now) ?? [])
    for entry in bench.log { shown += entry.text }
    for event in bench.events { shown += event.text }
    #expect(!shown.contains("sesame") && !shown.contains("07070707"))
  }

  @Test func aReloadCountsAtOnce() throws {
    let bench = try Bench { Self.settings(&$0) }
    let before = bench.status["encryption"]["fingerprint"].string
    var fresh = Settings()
    fresh.token.url = "wss://room.example"
    fresh.token.file = "/run/token"
    Self.settings(&fresh, .wanted, key: 9)
    bench.ask(.configReload)
    bench.handle(.configurationRead(.success(fresh)))
    guard case .result(let result)? = bench.answers.last?.answer else {
      Issue.record("no answer")
      return
    }
    #expect(result["applied"].array.compactMap { $0.string } == ["[e2ee] mode", "[e2ee] keys"])
    let after = bench.status["encryption"]
    #expect(after["mode"].string == "wanted" && after["fingerprint"].string != before)
    #expect(!result.text.contains("sesame"))
  }

  @Test func whatIsRefusedIsNamed() throws {
    let bench = try Bench { Self.settings(&$0) }
    bench.enter(("ann", .standard))
    bench.act { device, now in
      device.handle(.clearRefused(Bench.sender("ann"), what: "a telephone key"), now: now)
      device.handle(.packetUnreadable(Bench.sender("ann")), now: now)
    }
    let told = bench.events(named: "encryption.refused")
    #expect(told.map { $0["what"].string } == ["a telephone key", "data"])
    #expect(told[0]["identity"].string?.contains("ann") == true)
    #expect(told[0]["reason"].string?.contains("not encrypted") == true)
    let line = bench.log.first { $0.event == "encryption.refused" }
    #expect(line?.text.contains("ann") == true && line?.priority == .warning)
    // As many as somebody likes are a trickle.
    bench.act { device, now in
      for _ in 0..<500 { device.handle(.clearRefused(Bench.sender("ann"), what: "data"), now: now) }
    }
    #expect(bench.events(named: "encryption.refused").count < 100)
  }

  @Test func whatBecomesOfATrackIsTold() throws {
    let bench = try Bench { Self.settings(&$0) }
    bench.enter(("ann", .standard))
    let subscription = Subscription(
      trackSID: "TR_1", participantSID: "PA_ann", identity: "ann", slot: 0, mid: "1", isEncrypted: true)
    for privacy in [TrackPrivacy.wrongKey, .noKey, .sealed] {
      bench.act { $0.handle(.trackPrivacyChanged(subscription, privacy), now: $1) }
    }
    let states = bench.events(named: "encryption.track").compactMap { $0["state"].string }
    #expect(states == ["wrong-key", "no-key", "private"])
    let lines = bench.log.filter { $0.event == "encryption.track" }
    #expect(lines.map(\.priority) == [.warning, .warning, .notice])
    #expect(lines[0].text.contains("another key than this device has"))
  }

  @Test(
    arguments: [
      (.off, .clear, nil), (.off, .unproven, "is encrypted, so it is not played"),
      (.wanted, .clear, "is not encrypted, so the server can listen"), (.wanted, .unproven, nil),
      (.wanted, .sealed, nil), (.wanted, .wrongKey, "with another key than"),
      (.wanted, .noKey, "has none of"), (.required, .clear, "is not encrypted, so it is not played"),
      (.required, .sealed, nil), (.required, .wrongKey, "with another key than"),
      (.required, .noKey, "has none of"),
    ] as [(EndToEndMode, TrackPrivacy, String?)])
  func whatIsAProblem(mode: EndToEndMode, privacy: TrackPrivacy, words: String?) {
    let problem = PrivacyWords.problem("ann", privacy, mode)
    #expect((problem == nil) == (words == nil))
    if let words { #expect(problem?.hasPrefix("ann ") == true && problem?.contains(words) == true) }
  }

  @Test(
    arguments: [
      (.required, .otherKey, .fail, "another key"), (.wanted, .otherKey, .fail, "another key"),
      (.required, .clear, .fail, "others are not encrypted"),
      (.wanted, .clear, .warn, "others are not encrypted"), (.off, .off, .warn, "others are encrypted"),
      (.required, .ours, .fail, "e2ee-passphrase"), (.wanted, .ours, .warn, "e2ee-passphrase"),
    ] as [(EndToEndMode, EncryptionProblem.Kind, DoctorRow.Verdict, String)])
  func whatDoctorSays(
    mode: EndToEndMode, kind: EncryptionProblem.Kind, verdict: DoctorRow.Verdict, advice: String
  ) throws {
    let bench = try Bench { Self.settings(&$0, mode) }
    var facts = try #require(bench.device?.facts)
    facts.encryptionProblems = [.init(words: "ann is", kind: kind)]
    let row = try #require(facts.encryptionRows.first)
    #expect(row.verdict == verdict && row.finding == "ann is" && row.advice?.contains(advice) == true)
    facts.encryptionProblems = []
    #expect(facts.encryptionRows.map(\.verdict) == (mode == .off ? [] : [.pass]))
  }
}
