import JSON

/// The shape that `status` has on the wire.
extension Status {
  public var json: JSONValue {
    var members: [JSONValue.Member] = [
      .init("device", device.json), .init("call", call.json), .init("ring", ring.json),
      .init("room", room.json),
      .init(
        "participant",
        .object([.init("identity", .text(participant.identity)), .init("sid", .text(participant.sid))])),
      .init(
        "agent",
        agent.map { .object([.init("identity", .string($0.identity)), .init("state", .text($0.state))]) }
          ?? .null),
      .init("participants", participantsJSON), .init("encryption", encryption.json),
      .init("audio", audio.json),
      .init(
        "door",
        door?.json ?? .null),
      .init("board", board.json),
      .init(
        "memory",
        .object([
          .init("rss_kb", .number(memory.residentKilobytes)),
          .init("anon_kb", .number(memory.anonymousKilobytes)),
        ])),
    ]
    if participants.count > ControlLimits.statusParticipantsMax {
      let left = participants.count - ControlLimits.statusParticipantsMax
      members.append(.init("participants_left_out", .number(left)))
    }
    return .object(members)
  }

  /// What `participants` answers.
  public var participantsJSON: JSONValue {
    .array(participants.prefix(ControlLimits.statusParticipantsMax).map { $0.json })
  }
}

extension DeviceStatus {
  fileprivate var json: JSONValue {
    .object([
      .init("id", .string(id)), .init("board", .string(board)), .init("version", .string(version)),
      .init("uptime_s", .number(uptimeSeconds)),
      .init(
        "next",
        next.map {
          .object([.init("name", .string($0.name)), .init("in_ms", .number($0.milliseconds))])
        } ?? .null),
    ])
  }
}

extension CallStatus {
  fileprivate var json: JSONValue {
    .object([
      .init("state", .string(state.rawValue)), .init("since_s", .number(sinceSeconds)),
      .init("reason", .text(reason)), .init("held", .bool(isHeld)),
      .init(
        "legs",
        .array(
          legs.map {
            .object([
              .init("target", .string($0.target)), .init("identity", .string($0.identity)),
              .init("state", .string($0.state)), .init("since_s", .number($0.sinceSeconds)),
            ])
          })),
    ])
  }
}

extension RingStatus {
  fileprivate var json: JSONValue {
    .object([
      .init("state", .string(from == nil ? "idle" : "ringing")), .init("standby", .string(standby)),
      .init("from", .text(from)), .init("kind", .text(kind)), .init("since_s", .number(sinceSeconds)),
    ])
  }
}

extension RoomStatus {
  fileprivate var json: JSONValue {
    .object([
      .init("name", .text(name)), .init("sid", .text(sid)), .init("connection", .string(connection.rawValue)),
      .init("server", .text(server)), .init("region", .text(region)), .init("quality", .text(quality)),
      .init("rtt_ms", .number(roundTripMilliseconds)), .init("reconnects", .number(reconnects)),
      .init("resumes", .number(resumes)),
      .init("failure", failure.map { .object($0.members) } ?? .null),
    ])
  }
}

extension DoorStatus {
  public var json: JSONValue {
    let lock = [
      JSONValue.Member("state", .string(state)), JSONValue.Member("last_opened_by", .text(lastOpenedBy)),
    ]
    guard let contactIsOpen else { return .object(lock) }
    return .object(
      lock + [
        .init("contact", .string(contactIsOpen ? "open" : "shut")), .init("alarm", .text(alarm)),
      ])
  }
}

extension BoardStatus {
  fileprivate var json: JSONValue {
    .object([
      .init("inputs", .object(inputs)), .init("outputs", .object(outputs)),
      .init("indicator", .string(indicator)), .init("lights", .object(lights)),
      .init("problems", .array(problems)),
    ])
  }
}

extension RoomFailure {
  var members: [JSONValue.Member] {
    [
      .init("code", .string(code)), .init("message", .string(message)), .init("retriable", .bool(retriable)),
      .init("retry_in_ms", .number(retryInMilliseconds)),
    ]
  }
}

extension ParticipantStatus {
  fileprivate var json: JSONValue {
    .object([
      .init("identity", .string(identity)), .init("sid", .string(sid)), .init("name", .text(name)),
      .init("kind", .string(kind)), .init("speaking", .bool(isSpeaking)),
      .init("tracks", .array(tracks.prefix(ControlLimits.statusTracksMax).map { $0.json })),
    ])
  }
}

extension TrackStatus {
  fileprivate var json: JSONValue {
    .object([
      .init("sid", .string(sid)), .init("name", .text(name)), .init("kind", .string(kind)),
      .init("source", .string(source)), .init("muted", .bool(muted)), .init("subscribed", .bool(subscribed)),
      .init("privacy", .string(privacy)),
    ])
  }
}

extension EncryptionStatus {
  fileprivate var json: JSONValue {
    .object([
      .init("mode", .string(mode)), .init("sends", .string(sends)), .init("fingerprint", .text(fingerprint)),
      .init("opened", .number(opened)), .init("failed", .number(failed)), .init("refused", .number(refused)),
      .init("problems", .array(problems.map { .string($0) })),
    ])
  }
}

extension AudioStatus {
  fileprivate var json: JSONValue {
    .object([
      .init("muted", .bool(muted)), .init("hard_muted", .bool(hardMuted)),
      .init("volume", .number(volumePercent)), .init("canceller", .string(canceller)),
      .init("echo_reduced_db", .number(echoReducedDecibels)),
      .init("capture", capture.json), .init("playback", playback.json),
      .init(
        "uplink",
        .object([
          .init("packets", .number(uplink.packets)), .init("bitrate", .number(uplink.bitrateBitsPerSecond)),
          .init("loss", .tenths(uplink.lossTenthsPercent)),
          .init("drift_ppm", .number(uplink.driftPartsPerMillion)),
        ])),
      .init(
        "downlink",
        .object([
          .init("packets", .number(downlink.packets)), .init("lost", .number(downlink.lost)),
          .init("concealed_ms", .number(downlink.concealedMilliseconds)),
          .init("jitter_ms", .number(downlink.jitterMilliseconds)),
          .init("delay_ms", .number(downlink.delayMilliseconds)),
          .init("drift_ppm", .number(downlink.driftPartsPerMillion)),
        ])),
      .init(
        "pre_connect",
        preConnect.map {
          .object([
            .init("captured_ms", .number($0.capturedMilliseconds)),
            .init("sent_ms", .number($0.sentMilliseconds)),
          ])
        } ?? .null),
    ])
  }
}

extension AudioDeviceStatus {
  fileprivate var json: JSONValue {
    .object([
      .init("device", .string(device)), .init("state", .string(state.rawValue)),
      .init("reason", .text(reason)), .init("parameters", .text(parameters)),
      .init("rate", .number(rateHertz)), .init("level_db", .tenths(levelTenthsDecibel)),
    ])
  }
}
