import Control

/// Who asked, and so where the answer goes. Indirect, as everything that waits for an answer has one.
indirect enum Asker: Equatable {
  case client(ControlRequest, Device.ClientID)
  case participant(RemoteCall)
  /// A button of the device; what it caused is seen and heard.
  case button

  var origin: MuteState.Origin { if case .participant = self { .afar } else { .device } }
}
