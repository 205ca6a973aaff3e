import Base
import Configuration
import Control
import JSON
import LiveKit
import Telephony

/// Reads the file of a secret; the key of the configuration that names it is for the words.
typealias ReadSecret = (_ path: String?, _ key: String) throws(APIFailure) -> String

/// What a leg is on the wire, by the way it goes.
extension Settings {
  func order(_ leg: Leg, room: String, secret: ReadSecret) throws(APIFailure) -> APIRequest {
    switch leg.target.way {
    case .sip: return try sipCall(leg, room: room)
    case .whatsapp:
      let account = try whatsapp(secret)
      return Connector.dialWhatsApp(
        account, to: leg.target.address, leg.connectorParticipant(room), ringSeconds: leg.ringSeconds)
    case .twilio:
      // What is missing is missed before anything is asked.
      _ = try twilio(secret)
      return Connector.connectTwilio(isInbound: false, leg.connectorParticipant(room))
    case .agent:
      return AgentDispatch.create(agent: leg.target.address, room: room, metadata: session.agentMetadata)
    case .device: throw APIFailure("invalid", "a device is rung in the room")
    }
  }

  private func sipCall(_ leg: Leg, room: String) throws(APIFailure) -> APIRequest {
    var call = SIPCall(callTo: leg.target.address, roomName: room, participantIdentity: leg.identity.text)
    call.trunkID = phone.trunk
    call.number = leg.options.from
    // The name that was dialled, where a number would be shown otherwise.
    call.participantName = leg.name
    call.keys = leg.options.keys
    call.playDialtone = leg.options.dialTone
    call.hidePhoneNumber = leg.options.hidesNumber
    call.displayName = leg.options.displayName
    call.ringingTimeoutSeconds = leg.ringSeconds
    // It counts from the request, so the time that it rings is added.
    if leg.options.maxSeconds > 0 { call.maxCallDurationSeconds = leg.options.maxSeconds + leg.ringSeconds }
    call.headers = leg.options.headers.map { (name: $0.name, value: $0.value) }
    if leg.options.encryption != .off {
      var media = SIPCall.Media()
      media.encryption =
        leg.options.encryption == .require ? "SIP_MEDIA_ENCRYPT_REQUIRE" : "SIP_MEDIA_ENCRYPT_ALLOW"
      call.media = media
    }
    // Only the answer of a request that waits tells busy from refused.
    call.waitUntilAnswered = true
    do throws(TelephonyFault) {
      return try call.request()
    } catch {
      throw APIFailure(error)
    }
  }

  func whatsapp(_ secret: ReadSecret) throws(APIFailure) -> Connector.WhatsApp {
    guard let number = phone.whatsappNumberID else { throw .notConfigured("[phone] whatsapp-number-id") }
    return Connector.WhatsApp(
      numberID: number, key: try secret(phone.whatsappKeyFile, "[phone] whatsapp-key-file"),
      version: phone.whatsappVersion)
  }

  func twilio(_ secret: ReadSecret) throws(APIFailure) -> TwilioREST {
    guard let account = phone.twilioAccount else { throw .notConfigured("[phone] twilio-account") }
    guard phone.twilioFrom != nil else { throw .notConfigured("[phone] twilio-from") }
    return TwilioREST(
      account: account, token: try secret(phone.twilioTokenFile, "[phone] twilio-token-file"),
      server: phone.twilioServer)
  }

  /// Everything that the server API has to be asked so that nothing of the leg is left; what counts is the first.
  func ends(of leg: Leg, secret: ReadSecret) throws(APIFailure) -> [APIRequest] {
    var requests: [APIRequest] = []
    switch leg.target.way {
    case .device: break
    case .sip, .twilio: requests.append(RoomAPI.remove(room: leg.room, identity: leg.identity.text))
    case .whatsapp:
      if let call = leg.reference {
        let key = try secret(phone.whatsappKeyFile, "[phone] whatsapp-key-file")
        requests.append(Connector.disconnectWhatsApp(call: call, key: key, byUser: false))
      }
      requests.append(RoomAPI.remove(room: leg.room, identity: leg.identity.text))
    case .agent:
      if let id = leg.reference { requests.append(AgentDispatch.delete(id: id, room: leg.room)) }
      if let agent = leg.agent { requests.append(RoomAPI.remove(room: leg.room, identity: agent.text)) }
    }
    return requests
  }

  func transfer(_ request: TransferRequest, identity: String, room: String) throws(APIFailure) -> APIRequest {
    var transfer = SIPTransfer(identity: identity, room: room, to: request.to)
    transfer.playDialtone = request.dialTone
    transfer.ringingTimeoutSeconds = request.ringSeconds ?? 30
    transfer.headers = request.headers.map { (name: $0.name, value: $0.value) }
    do throws(TelephonyFault) {
      return try transfer.request()
    } catch {
      throw APIFailure(error)
    }
  }

  /// The body of a command with what the device knows where nothing was said.
  func filled(_ request: ServerAPIRequest, room: String, secret: ReadSecret) throws(APIFailure) -> JSONValue {
    guard case .object(var members) = request.body else { return request.body }
    func fill(_ name: String, _ value: String?) {
      guard let value, !value.utf8.isEmpty, !members.contains(where: { $0.name == name }) else { return }
      members.append(.init(name, .string(value)))
    }
    switch (request.service, request.method) {
    case ("Connector", "ConnectTwilioCall"), ("SIP", "CreateSIPParticipant"),
      ("SIP", "TransferSIPParticipant"):
      if request.body["roomName"].isNull { fill("room_name", room) }
      if request.method == "CreateSIPParticipant" { fill("sip_trunk_id", phone.trunk) }
    case ("Connector", let method):
      if method == "DialWhatsAppCall" || method == "AcceptWhatsAppCall" {
        let account = try whatsapp(secret)
        fill("whatsapp_phone_number_id", account.numberID)
        fill("whatsapp_api_key", account.key)
        fill("whatsapp_cloud_api_version", account.version)
        fill("room_name", room)
      } else if method == "DisconnectWhatsAppCall" {
        fill("whatsapp_api_key", try? secret(phone.whatsappKeyFile, ""))
      }
    case ("RoomService", "CreateRoom"), ("RoomService", "ListRooms"), ("SIP", _): break
    default: fill("room", room)
    }
    return .object(members)
  }
}

extension Leg {
  fileprivate func connectorParticipant(_ room: String) -> ConnectorParticipant {
    var participant = ConnectorParticipant(room: room, identity: identity.text)
    participant.name = name
    return participant
  }
}

extension Leg.Failure {
  init(_ failure: APIFailure) { self.init(code: failure.code, words: failure.words) }

  /// Of `lintel.ring`: another Lintel, or whoever serves it, answers with SIP's codes.
  init(_ error: RPCError) {
    switch error.code {
    case 403: self.init(code: "refused", words: "it may not be rung from here (403)")
    case 408, 1502: self = .unanswered
    case 486: self.init(code: "busy", words: "busy (486)")
    case 603: self.init(code: "refused", words: "refused (603)")
    case 1400: self.init(code: "unreachable", words: "it does not know lintel.ring")
    default: self.init(code: "unreachable", words: "\(error.message) (\(error.code))")
    }
  }

  /// What the room shows of who left.
  init(_ reason: DisconnectReason, lastStatus: String?, ringSeconds: Int) {
    switch RoomEnding(reason, lastStatus: lastStatus) {
    case .hungUp: self.init(code: "hung-up", words: "hung up")
    case .takenBack: self = .cancelled
    case .ended(.unanswered): self.init(code: "unanswered", words: "did not answer in \(ringSeconds) s")
    case .ended(.unknownNumber): self.init(code: "no-such-number", words: "no such number, or not available")
    case .ended(.refused): self.init(code: "refused", words: "busy or refused")
    case .ended(let ending): self.init(code: ending.rawValue, words: "not reached")
    }
  }
}
