import AudioEngine
import Configuration
import Control
import JSON
import LiveKit

/// What a self-test measured beside what it judges: `DoctorFindings` makes rows of it. null is what is not known.
///
/// | member | is |
/// |---|---|
/// | `canceller` | as of the status |
/// | `echo_db`, `echo_ms`, `tone_db`, `left_db` | of the tone in the microphone: how loud at first and how late, how loud later, and what the canceller left |
/// | `speaker_ppm` | the speaker's clock against the microphone's |
/// | `microphone_ppm` | the microphone's against the machine's, as far as it was learned |
/// | `realtime_refused`, `memory_refused`, `state_problem` | why not |
/// | `token_left_s` | of a token in a file |
/// | `recorded`, `id`, `socket` | of the room, and as configured |
extension DoctorFacts {
  func measured(_ run: DoctorMeasurement) -> JSONValue {
    let tone = run.sound
    let isFromFile = settings.token.source == .file
    let microphone = sound.uplink.driftPartsPerMillion
    // A gain that changes by itself is none of the canceller's.
    let left = settings.audio.automaticGain ? nil : tone.leftDecibels
    return .object([
      .init("canceller", .string(run.canceller.word)),
      .init("echo_db", .number(tone.heardDecibels)), .init("echo_ms", .number(tone.echoMilliseconds)),
      .init("tone_db", .number(tone.steadyDecibels)),
      .init("left_db", .number(left.map { $0 - settings.audio.gainDecibels })),
      .init("speaker_ppm", .number(tone.speakerPartsPerMillion)),
      .init("microphone_ppm", .number(microphone == 0 ? nil : microphone)),
      .init("realtime_refused", .text(host.realtimeRefusal)),
      .init("memory_refused", .text(host.memoryRefusal)),
      .init("state_problem", .text(host.stateProblem)),
      .init(
        "token_left_s",
        (isFromFile ? token?.expires : nil).map {
          .integer($0.subtractingReportingOverflow(unixSeconds).partialValue)
        } ?? .null),
      .init("recorded", .bool(isRecorded)), .init("id", .string(settings.device.id)),
      .init("socket", .text(host.hasSocket ? settings.control.socket : nil)),
    ])
  }
}
