import Control
import Device

/// Any payload to any method of the device: it is a request that the control socket would take too, or it is
/// refused in words.
func fuzzRPC(_ bytes: [UInt8]) {
  let method = RemoteMethods.all[Int(bytes.first ?? 0) % RemoteMethods.all.count]
  tryPayload(method, String(decoding: bytes.dropFirst(), as: UTF8.self))
  // Most payloads are no JSON: so the input also stands where the parameters do.
  let names = ["level", "on", "show", "for", "tone", "digits", "to"]
  let name = names[Int(bytes.last ?? 0) % names.count]
  tryPayload(method, "{\"\(name)\":" + String(decoding: bytes.dropFirst().dropLast(), as: UTF8.self) + "}")
}

private func tryPayload(_ method: String, _ payload: String) {
  do throws(ControlFailure) {
    let request = try RemoteMethods.request(method: method, payload: payload)
    guard let again = try? Request.parse(Array(request.line(id: 1).dropLast())) else {
      preconditionFailure("a payload that was read cannot be written")
    }
    precondition(again.request == request)
  } catch {
    precondition(!error.description.utf8.isEmpty)
    for byte in error.description.utf8 { precondition(byte >= 0x20, "a refusal has control characters") }
  }
}
