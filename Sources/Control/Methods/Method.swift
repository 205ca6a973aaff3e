import Base

/// Every method of the control protocol by its name there, in the order of lintelctl's help. All that is known of one
/// stands in its row; a request without a method, or a method without a row, does not compile.
public enum Method: String, CaseIterable, Sendable {
  case status, call, hangup, dial, answer, refuse, hold, transfer, directory, join, leave, mute, volume,
    participants
  case dtmf, rpc, send
  case sendFileBegin = "send-file.begin"
  case sendFileData = "send-file.data"
  case sendFileEnd = "send-file.end"
  case attributes
  case doorOpen = "door.open"
  case doorStatus = "door.status"
  case doorOverride = "door.override"
  case turnStart = "turn.start"
  case turnEnd = "turn.end"
  case turnCancel = "turn.cancel"
  case press, indicator, tone
  case eventsSubscribe = "events.subscribe"
  case doctor, stats, metrics
  case logLevel = "log-level"
  case configShow = "config.show"
  case configCheck = "config.check"
  case configReload = "config.reload"
  case api, version

  /// As the daemon has it.
  var row: MethodRow<NoFace> { seen() }

  /// What of it a person sees.
  var shown: ShownFace { (seen() as MethodRow<ShownFace>).face }

  private func seen<Face: MethodFace>() -> MethodRow<Face> {
    switch self {
    case .status: .status()
    case .call: .call()
    case .hangup: .hangup()
    case .dial: .dial()
    case .answer: .answer()
    case .refuse: .refuse()
    case .hold: .hold()
    case .transfer: .transfer()
    case .directory: .directory()
    case .api: .api()
    case .join: .join()
    case .leave: .leave()
    case .mute: .mute()
    case .volume: .volume()
    case .participants: .participants()
    case .dtmf: .dtmf()
    case .rpc: .rpc()
    case .send: .send()
    case .sendFileBegin: .sendFileBegin()
    case .sendFileData: .sendFileData()
    case .sendFileEnd: .sendFileEnd()
    case .attributes: .attributes()
    case .doorOpen: .doorOpen()
    case .doorStatus: .doorStatus()
    case .doorOverride: .doorOverride()
    case .turnStart: .turnStart()
    case .turnEnd: .turnEnd()
    case .turnCancel: .turnCancel()
    case .press: .press()
    case .indicator: .indicator()
    case .tone: .tone()
    case .eventsSubscribe: .eventsSubscribe()
    case .doctor: .doctor()
    case .stats: .stats()
    case .metrics: .metrics()
    case .logLevel: .logLevel()
    case .configShow: .configShow()
    case .configCheck: .configCheck()
    case .configReload: .configReload()
    case .version: .version()
    }
  }

  /// Whether participants of the room may call it too, as `lintel.NAME`.
  public var isRemote: Bool { row.isRemote }
}

extension Request {
  public var method: Method {
    switch self {
    case .status: .status
    case .call: .call
    case .hangup: .hangup
    case .dial: .dial
    case .answer: .answer
    case .refuse: .refuse
    case .hold: .hold
    case .transfer: .transfer
    case .directory: .directory
    case .serverAPI: .api
    case .join: .join
    case .leave: .leave
    case .mute: .mute
    case .volume: .volume
    case .participants: .participants
    case .dtmf: .dtmf
    case .rpc: .rpc
    case .send: .send
    case .sendFileBegin: .sendFileBegin
    case .sendFileData: .sendFileData
    case .sendFileEnd: .sendFileEnd
    case .attributes: .attributes
    case .doorOpen: .doorOpen
    case .doorStatus: .doorStatus
    case .doorOverride: .doorOverride
    case .turn(.start): .turnStart
    case .turn(.end): .turnEnd
    case .turn(.cancel): .turnCancel
    case .press: .press
    case .indicator: .indicator
    case .tone: .tone
    case .eventsSubscribe: .eventsSubscribe
    case .doctor: .doctor
    case .stats: .stats
    case .metrics: .metrics
    case .logLevel: .logLevel
    case .configShow: .configShow
    case .configCheck: .configCheck
    case .configReload: .configReload
    case .version: .version
    }
  }
}
