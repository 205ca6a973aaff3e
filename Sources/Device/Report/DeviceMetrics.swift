import AudioEngine
import Base
import Control
import LiveKit
import WebRTC

extension Device {
  /// What a scraper reads.
  public func openMetrics(now: Instant) -> String { Metrics.openMetrics(metrics(now: now)) }

  /// Every figure, those of one name beside each other.
  func metrics(now: Instant) -> [Metric] {
    let status = status(now: now)
    return deviceMetrics(status, now: now) + roomMetrics(status) + soundMetrics(status)
  }

  private func deviceMetrics(_ status: Status, now: Instant) -> [Metric] {
    var metrics: [Metric] = []
    metrics.add(
      "lintel_build", .info, "What runs here.", 1,
      labels: [
        .init("version", report.version), .init("device", status.device.id),
        .init("board", status.device.board),
      ])
    metrics.add("lintel_uptime_seconds", .gauge, "Since the daemon started.", status.device.uptimeSeconds)
    for state in CallState.allCases {
      metrics.add(
        "lintel_call_state", .gauge, "1 for the state that the call is in.",
        status.call.state == state ? 1 : 0,
        labels: [.init("state", state.rawValue)])
    }
    metrics.add("lintel_calls", .counter, "Calls that were begun.", report.calls)
    metrics.add("lintel_call_failures", .counter, "Calls that ended in a failure.", report.callFailures)
    for (row, count) in zip(Report.counted, report.counts) {
      metrics.add(row.metric, .counter, row.help, count)
    }
    metrics.add(
      "lintel_webhook_refusals", .counter, "Requests over HTTP that were not believed, or not understood.",
      report.webhookRefusals)
    if let isOpen = self.door.contact.isOpen {
      metrics.add("lintel_door_ajar", .gauge, "Whether the door stands open.", isOpen ? 1 : 0)
    }
    if let door = status.door {
      metrics.add("lintel_door_open", .gauge, "Whether the lock is released.", door.state == "open" ? 1 : 0)
      metrics.add("lintel_door_openings", .counter, "Times the door was opened.", self.door.openings)
      metrics.add(
        "lintel_door_refusals", .counter, "Times it was asked for and stayed shut.", self.door.refusals)
      metrics.add(
        "lintel_door_wrong_codes", .counter, "Wrong codes among them.", self.door.wrongCodes)
      metrics.add(
        "lintel_door_locked_out", .gauge, "Whether no code is taken, as too many were wrong.",
        self.door.isLockedOut(now: now) ? 1 : 0)
    }
    metrics.add(
      "lintel_hardware_problems", .gauge, "Parts of the board that do not work.", status.board.problems.count)
    metrics.add(
      "lintel_events_suppressed", .counter, "Events and lines that others caused too many of.",
      report.suppressions)
    if let resident = status.memory.residentKilobytes, let anonymous = status.memory.anonymousKilobytes {
      metrics.add("lintel_resident_memory_bytes", .gauge, "Memory of the daemon.", resident * 1024)
      metrics.add(
        "lintel_anonymous_memory_bytes", .gauge, "The part of it that is its own.", anonymous * 1024)
    }
    return metrics
  }

  private func roomMetrics(_ status: Status) -> [Metric] {
    var metrics: [Metric] = []
    metrics.add(
      "lintel_room_connected", .gauge, "Whether media flows.", status.room.connection == .connected ? 1 : 0)
    metrics.add(
      "lintel_room_reconnects", .counter, "Times the room was lost and found.", status.room.reconnects)
    metrics.add(
      "lintel_room_resumes", .counter, "Times a session went on after a loss.", status.room.resumes)
    metrics.add("lintel_room_participants", .gauge, "Others in the room.", status.participants.count)
    let encryption = room.encryptionStatistics
    metrics.add(
      "lintel_encryption_active", .gauge, "Whether what is sent is encrypted from end to end.",
      room.isSealing ? 1 : 0)
    metrics.add(
      "lintel_encryption_opened", .counter, "What came encrypted and was understood.",
      [("frame", encryption.framesOpened), ("packet", encryption.packetsOpened)], label: "what")
    metrics.add(
      "lintel_encryption_failures", .counter,
      "What came, or had to go, encrypted and could not be read, or sent.",
      [
        ("frame", encryption.framesUnreadable), ("frame-without-key", encryption.framesWithoutKey),
        ("packet", encryption.packetsUnreadable), ("injected", encryption.framesInjectedRefused),
        ("unsent", encryption.framesUnsent),
      ], label: "what")
    metrics.add(
      "lintel_encryption_refused", .counter, "Packets in the clear that were refused.",
      encryption.clearRefused)
    metrics.add(
      "lintel_encryption_ratchets", .counter, "Times that somebody's next key was followed.",
      encryption.ratchets)
    if let milliseconds = status.room.roundTripMilliseconds {
      metrics.add(
        "lintel_round_trip_seconds", .gauge, "To the room server and back.", milliseconds, decimals: 3)
    }
    return metrics
  }

  private func soundMetrics(_ status: Status) -> [Metric] {
    let audio = status.audio
    let sound = instruments.sound
    var metrics: [Metric] = []
    metrics.add("lintel_muted", .gauge, "Whether the microphone is muted.", audio.muted ? 1 : 0)
    metrics.add("lintel_hard_muted", .gauge, "Whether the switch mutes it.", audio.hardMuted ? 1 : 0)
    metrics.add("lintel_volume_ratio", .gauge, "The speaker's volume.", audio.volumePercent, decimals: 2)
    let streams = [
      ("capture", audio.capture, panel.captureDropouts),
      ("playback", audio.playback, panel.playbackDropouts),
    ]
    for (name, device, _) in streams {
      metrics.add(
        "lintel_sound_up", .gauge, "Whether the sound device works.", device.state == .running ? 1 : 0,
        labels: [.init("stream", name)])
    }
    for (name, _, dropouts) in streams {
      metrics.add(
        "lintel_sound_dropouts", .counter, "Samples that came too late, in occasions.", dropouts,
        labels: [.init("stream", name)])
    }
    for (name, device, _) in streams {
      guard let level = device.levelTenthsDecibel else { continue }
      metrics.add(
        "lintel_sound_level_decibels", .gauge, "Against full scale.", level, decimals: 1,
        labels: [.init("stream", name)])
    }
    for (name, drift) in [
      ("uplink", audio.uplink.driftPartsPerMillion), ("downlink", audio.downlink.driftPartsPerMillion),
    ] {
      metrics.add(
        "lintel_clock_drift_ratio", .gauge, "How fast the sound's clock runs against this board's.", drift,
        decimals: 6, labels: [.init("direction", name)])
    }
    metrics.add("lintel_uplink_packets", .counter, "Packets of voice sent.", audio.uplink.packets)
    metrics.add(
      "lintel_uplink_bits_per_second", .gauge, "What the voice takes now.",
      audio.uplink.bitrateBitsPerSecond)
    if let loss = audio.uplink.lossTenthsPercent {
      metrics.add("lintel_uplink_loss_ratio", .gauge, "What the server reports lost.", loss, decimals: 3)
    }
    metrics.add(
      "lintel_echo_canceller_active", .gauge, "Whether the speaker's echo is taken out.",
      sound.echo == .active ? 1 : 0)
    if let reduced = sound.echoReducedDecibels {
      metrics.add(
        "lintel_echo_reduced_decibels", .gauge, "How much of the speaker's echo is taken out.", reduced)
    }
    metrics.add(
      "lintel_uplink_dropped", .counter, "Frames of voice that were not sent.",
      [("queue", sound.uplink.ringFull), ("encoder", sound.uplink.refused)], label: "by")
    return metrics + downlinkMetrics(audio.downlink, sound.downlink)
  }

  private func downlinkMetrics(_ down: DownlinkStatus, _ counted: DownlinkStatistics) -> [Metric] {
    var metrics: [Metric] = []
    metrics.add("lintel_downlink_packets", .counter, "Packets of voice received.", down.packets)
    metrics.add("lintel_downlink_lost", .counter, "Packets that were not there in time.", down.lost)
    metrics.add(
      "lintel_downlink_concealed_seconds", .counter, "Sound invented for them.", down.concealedMilliseconds,
      decimals: 3)
    metrics.add("lintel_downlink_jitter_seconds", .gauge, "RFC 3550.", down.jitterMilliseconds, decimals: 3)
    metrics.add(
      "lintel_downlink_delay_seconds", .gauge, "From the wire to the speaker.", down.delayMilliseconds,
      decimals: 3)
    metrics.add(
      "lintel_downlink_wanted_seconds", .gauge, "The delay that the network asks for.",
      counted.targetMilliseconds, decimals: 3)
    metrics.add(
      "lintel_downlink_unplayed", .counter, "Packets that came and were of no use.",
      [
        ("late", counted.late), ("duplicate", counted.duplicates), ("undecodable", counted.undecodable),
        ("discarded", counted.discarded), ("queue", counted.ringFull),
      ], label: "why")
    metrics.add(
      "lintel_downlink_recovered", .counter, "Losses mended from the packet behind.", counted.recovered)
    metrics.add(
      "lintel_downlink_underruns", .counter, "Times a voice ran dry before its packets came.",
      counted.underruns)
    metrics.add(
      "lintel_downlink_bent_seconds", .counter, "Sound that was shortened or lengthened to move the delay.",
      [("shorter", counted.trimmedMilliseconds), ("longer", counted.stretchedMilliseconds)], decimals: 3,
      label: "way")
    return metrics
  }
}
