/// The sounds that the device makes itself. The numbers travel between the threads.
public enum Tone: UInt8, CaseIterable, BitwiseCopyable, Sendable {
  case booted, ringing, connected, busy, error, muted, doorOpened, wrongCode
  case digit0, digit1, digit2, digit3, digit4, digit5, digit6, digit7, digit8, digit9
  case digitA, digitB, digitC, digitD, star, pound
  /// What `SoundProbe` listens for.
  case probe
  /// The feedback for a key that nobody but the door shall know: the same for all of them.
  case click
  /// Why a call came to nothing, beside busy and error.
  case refused, unanswered, unreachable
  /// Somebody calls this device.
  case bell

  /// The feedback for a key of the telephone: `0`-`9`, `A`-`D` in either case, `*`, `#`; nil for anything else.
  public init?(key: UInt8) {
    switch key {
    case UInt8(ascii: "0")...UInt8(ascii: "9"):
      self.init(rawValue: Tone.digit0.rawValue + key - UInt8(ascii: "0"))
    case UInt8(ascii: "A")...UInt8(ascii: "D"):
      self.init(rawValue: Tone.digitA.rawValue + key - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "d"):
      self.init(rawValue: Tone.digitA.rawValue + key - UInt8(ascii: "a"))
    case UInt8(ascii: "*"): self = .star
    case UInt8(ascii: "#"): self = .pound
    default: return nil
    }
  }
}

/// One or two sines for a while, then silence for a while. 0 Hz is no sine.
struct ToneStep: BitwiseCopyable {
  var first: UInt16 = 0
  var second: UInt16 = 0
  var onMilliseconds: UInt16 = 0
  var offMilliseconds: UInt16 = 0
}

/// The steps of a tone, up to three, and how often they are gone through; 0 is for ever.
struct Cadence {
  private(set) var steps: InlineArray<3, ToneStep>
  private(set) var count: Int
  let rounds: Int

  private init(_ first: ToneStep, _ second: ToneStep? = nil, _ third: ToneStep? = nil, rounds: Int = 1) {
    steps = [first, second ?? ToneStep(), third ?? ToneStep()]
    count = third != nil ? 3 : second != nil ? 2 : 1
    self.rounds = rounds
  }

  /// The one table of sounds. Keys are those of ITU-T Q.23, ringing and busy those of European exchanges.
  init(_ tone: Tone) {
    switch tone {
    case .booted: self.init(step(660, on: 120, off: 30), step(880, on: 160))
    case .ringing: self.init(step(425, on: 1_000, off: 4_000), rounds: 0)
    case .connected: self.init(step(880, on: 90, off: 30), step(1_320, on: 150))
    case .busy: self.init(step(425, on: 480, off: 480), rounds: 4)
    case .error:
      self.init(step(950, on: 330), step(1_400, on: 330), step(1_800, on: 330, off: 200), rounds: 2)
    case .muted: self.init(step(400, on: 100, off: 50), step(300, on: 150))
    case .doorOpened: self.init(step(1_047, on: 110), step(1_319, on: 110), step(1_568, on: 220))
    case .wrongCode: self.init(step(300, on: 200, off: 100), rounds: 3)
    case .probe: self.init(step(1_000, on: 1_000))
    case .click: self.init(step(2_000, on: 12, off: 28))
    case .refused: self.init(step(425, on: 250, off: 50), step(320, on: 500, off: 400), rounds: 2)
    case .unanswered: self.init(step(425, on: 1_000, off: 250), step(425, on: 250, off: 500), rounds: 2)
    case .unreachable: self.init(step(425, on: 240, off: 240), rounds: 8)
    case .bell: self.init(step(880, on: 400), step(659, on: 800, off: 1_800), rounds: 0)
    case .digit1: self.init(key(697, 1_209))
    case .digit2: self.init(key(697, 1_336))
    case .digit3: self.init(key(697, 1_477))
    case .digitA: self.init(key(697, 1_633))
    case .digit4: self.init(key(770, 1_209))
    case .digit5: self.init(key(770, 1_336))
    case .digit6: self.init(key(770, 1_477))
    case .digitB: self.init(key(770, 1_633))
    case .digit7: self.init(key(852, 1_209))
    case .digit8: self.init(key(852, 1_336))
    case .digit9: self.init(key(852, 1_477))
    case .digitC: self.init(key(852, 1_633))
    case .star: self.init(key(941, 1_209))
    case .digit0: self.init(key(941, 1_336))
    case .pound: self.init(key(941, 1_477))
    case .digitD: self.init(key(941, 1_633))
    }
  }
}

private func step(_ frequency: UInt16, on: UInt16, off: UInt16 = 0) -> ToneStep {
  ToneStep(first: frequency, onMilliseconds: on, offMilliseconds: off)
}

private func key(_ low: UInt16, _ high: UInt16) -> ToneStep {
  ToneStep(first: low, second: high, onMilliseconds: 100, offMilliseconds: 60)
}
