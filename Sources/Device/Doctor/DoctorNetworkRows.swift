import AudioEngine
import Base
import Configuration
import Control
import LiveKit
import WebRTC

/// What a self-test says of the way to the room, in its order: behind a row that fails there are only those that do
/// not depend on it.
extension DoctorFacts {
  func networkRows(_ run: DoctorMeasurement) -> [DoctorRow] {
    [clockRow(run), tokenRow(run)] + serverRows(run) + roomRows(run)
  }

  // MARK: Clock

  private func clockRow(_ run: DoctorMeasurement) -> DoctorRow {
    let seconds = unixSeconds
    let text = minuteText(seconds)
    let advice =
      "set it: timedatectl set-ntp true, or timedatectl set-time; a board without a battery needs the network"
    guard seconds >= Self.plausibleSeconds else {
      return DoctorRow("clock", .fail, "the clock says \(text), which cannot be", advice: advice)
    }
    if case .success(let off?) = run.serverAnswer {
      guard off.magnitude > 60 else {
        let words = off.magnitude <= 2 ? "the server says the same" : "\(off.magnitude) s off the server's"
        return DoctorRow("clock", .pass, "\(text), \(words)")
      }
      let words = "the clock says \(text), the server's says \(minuteText(seconds - off))"
      return DoctorRow("clock", .fail, words, advice: advice)
    }
    if case .notYetValid? = tokenWarning(run) {
      return DoctorRow(
        "clock", .warn, "the clock says \(text), before the token begins to be valid", advice: advice)
    }
    return DoctorRow("clock", .pass, text)
  }

  /// The server judges the token; this is a hint for a person, by the server's clock as far as it is known.
  private func tokenWarning(_ run: DoctorMeasurement) -> TokenWarning? {
    var seconds = unixSeconds
    if case .success(let off?) = run.serverAnswer {
      seconds = seconds.subtractingReportingOverflow(off).partialValue
    }
    return token.flatMap { TokenWarning($0, wallClockSeconds: seconds) }
  }

  /// 2024: before this program was.
  private static let plausibleSeconds: Int64 = 1_704_067_200

  // MARK: Token

  private func tokenRow(_ run: DoctorMeasurement) -> DoctorRow {
    let name = "token"
    let tokenWarning = tokenWarning(run)
    if let failure, DoctorAdvice.isAboutToken(failure.code) {
      return DoctorRow(
        name, .fail, failure.message, advice: DoctorAdvice.of(tokenWarning?.code ?? failure.code))
    }
    guard let token else {
      return DoctorRow(name, .warn, "no token was seen yet", advice: "run this again when a call was tried")
    }
    let words = "\(token.identity) in room \(token.room)"
    guard token.canPublish, token.canPublishMicrophone else {
      return DoctorRow(
        name, .fail, "\(words) may not publish a microphone, so nobody hears this device",
        advice: "have the token issued with canPublish, and microphone among its canPublishSources")
    }
    guard token.canSubscribe else {
      return DoctorRow(
        name, .fail, "\(words) may not subscribe, so this device hears nobody",
        advice: "have the token issued with canSubscribe")
    }
    if let tokenWarning {
      return DoctorRow(name, .warn, tokenWarning.words, advice: DoctorAdvice.of(tokenWarning.code))
    }
    let until = token.expires.map { ", valid until \(minuteText($0))" } ?? ", valid for ever"
    guard token.canPublishData else {
      return DoctorRow(
        name, .warn, "\(words) may not send data: no keys, texts, calls or files" + until,
        advice: "have the token issued with canPublishData")
    }
    return DoctorRow(name, .pass, words + until + ", may publish, subscribe and send data")
  }

  // MARK: Server

  private func serverRows(_ run: DoctorMeasurement) -> [DoctorRow] {
    guard let url = firstServer, let address = ServerAddress(url) else {
      return [DoctorRow("dns", .fail, "no room server is configured", advice: "set [token] url")]
    }
    var rows: [DoctorRow] = []
    let host = DoctorRow(
      "dns", .pass,
      address.isLiteral
        ? "\(address.host) is an address and needs no name server" : "\(address.host) was found")
    let server = DoctorRow("server", .pass, "\(address.authority) answers over TCP")
    switch connection == .connected ? Result.success(nil) : run.serverAnswer {
    case .failure(.resolve(let words)):
      rows.append(
        DoctorRow(
          "dns", .fail, "the name \(address.host) was not found: \(words)",
          advice: "check the network and its name server (resolvectl status), then [token] url or endpoint"))
    case .failure(.tls(let words)):
      rows += [host, server]
      rows.append(
        DoctorRow(
          "tls", .fail, words,
          advice:
            "if that is your server, name its authority in [server] ca-file; else correct the clock, or [token] url"
        ))
    case .failure(.intercepted(let words)): rows.append(inTheWay(words, "captive-portal"))
    case .failure(.proxy(let words)): rows.append(inTheWay(words, "proxy"))
    case .failure(let failure):
      rows.append(host)
      rows.append(
        DoctorRow(
          "server", .fail, "\(address.authority): \(transportWords(failure))",
          advice:
            "start the room server, or correct the port in [token] url or endpoint, or open TCP to it in the firewall"
        ))
    case nil:
      rows.append(
        DoctorRow(
          "server", .fail, failure?.message ?? "\(address.authority) does not answer",
          advice: "check the network and its gateway (ip route), and the firewall for TCP to the server"))
    case .success: rows += [host, server, tlsRow(address)]
    }
    return rows
  }

  private func inTheWay(_ words: String, _ code: String) -> DoctorRow {
    DoctorRow("server", .fail, words, advice: DoctorAdvice.of(code))
  }

  private func tlsRow(_ address: ServerAddress) -> DoctorRow {
    if address.isSecure { return DoctorRow("tls", .pass, "the certificate of \(address.host) is trusted") }
    if address.isLoopback { return DoctorRow("tls", .pass, "not needed, as the server is this machine") }
    return DoctorRow(
      "tls", .warn, "the connection is not encrypted, so the token can be read on its way",
      advice: "use wss:// in [token] url")
  }

  private func transportWords(_ failure: TransportFailure) -> String {
    switch failure {
    case .refused: "nothing listens there"
    case .timeout: "no answer in time"
    case .resolve(let words), .tls(let words), .other(let words): words
    case .proxy(let words), .intercepted(let words), .clearText(let words): words
    case .http(let status, _): "HTTP status \(status)"
    }
  }

  // MARK: Room

  private func roomRows(_ run: DoctorMeasurement) -> [DoctorRow] {
    if connection == .connected { return connectedRows(run) }
    if let failure, ["media-timeout", "no-relay", "media-failed"].contains(failure.code) {
      return [
        DoctorRow("room", .pass, "the server let the device in"),
        DoctorRow("udp", .fail, failure.message, advice: DoctorAdvice.of(failure.code)),
      ]
    }
    guard case .success? = run.serverAnswer else { return [] }
    guard let failure else {
      return [
        DoctorRow(
          "room", .fail, "the room was not joined in time",
          advice: "raise [session] connect-timeout, or see udp")
      ]
    }
    if DoctorAdvice.isAboutToken(failure.code) { return [] }
    return [DoctorRow("room", .fail, failure.message, advice: DoctorAdvice.of(failure.code))]
  }

  private func connectedRows(_ run: DoctorMeasurement) -> [DoctorRow] {
    var rows = [DoctorRow("room", .pass, "joined \(roomName)")]
    let way = sent?.selectedPair.map { ", \($0)" } ?? ""
    rows.append(
      sent?.takesDetour == true
        ? DoctorRow(
          "udp", .warn, "media flows, but not by UDP" + way,
          advice:
            "open UDP to the room server in the firewall: on the way that is left, lost packets are waited for"
        )
        : DoctorRow("udp", .pass, "media flows" + way))
    if let milliseconds = sent?.roundTripMilliseconds {
      let words = "\(milliseconds) ms to the server and back"
      rows.append(
        milliseconds <= 300
          ? DoctorRow("round-trip", .pass, words)
          : DoctorRow(
            "round-trip", .warn, words, advice: "a talk becomes hard: use a nearer server or a better network"
          ))
    }
    let lost = sound.downlink.lost - run.lostBefore
    let expected = sound.downlink.packets - run.receivedBefore + lost
    let down = expected > 0 ? 1000 * lost / expected : 0
    let up = sent?.roundTripMilliseconds == nil ? 0 : sent?.lossTenthsPercent ?? 0
    let text = "\(up / 10).\(up % 10) % of what was sent, \(down / 10).\(down % 10) % of what was received"
    let advice = "look for a weak radio link, a full uplink or a broken cable"
    let worst = max(up, down)
    rows.append(
      DoctorRow(
        "loss", worst < 20 ? .pass : worst < 100 ? .warn : .fail, text, advice: worst < 20 ? nil : advice))
    return rows + encryptionRows
  }
}

/// `2026-11-20 14:05 UTC`.
private func minuteText(_ seconds: Int64) -> String {
  let bytes = Array(utcText(unixMilliseconds: max(0, min(seconds, 1 << 40)) * 1000).utf8)
  return String(decoding: bytes[..<10], as: UTF8.self) + " "
    + String(decoding: bytes[11..<16], as: UTF8.self) + " UTC"
}
