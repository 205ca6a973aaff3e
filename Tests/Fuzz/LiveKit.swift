import Base
import Configuration
import LiveKit

func fuzzSignalResponse(_ bytes: [UInt8]) {
  _ = ParserEntries.signalResponse(bytes)
}

/// The bytes as the claims of a token, and as a token.
func fuzzToken(_ bytes: [UInt8]) {
  let claims = Base64.encode(bytes, urlSafe: true, padding: false)
  for text in ["eyJhIjoxfQ." + claims + ".c2ln", String(decoding: bytes, as: UTF8.self)] {
    guard let token = try? AccessToken(text) else { continue }
    for now in [Int64.min, 0, 1_795_000_000, .max] { _ = TokenWarning(token, wallClockSeconds: now)?.words }
  }
}

func fuzzCandidateInit(_ bytes: [UInt8]) {
  precondition(ParserEntries.candidateInit(bytes), "not the same after writing and reading")
}

/// Arbitrary packets of several senders, in any order.
func fuzzDataStream(_ bytes: [UInt8]) {
  if let fault = ParserEntries.streams(bytes) { preconditionFailure(fault) }
}

func fuzzServerURL(_ bytes: [UInt8]) {
  _ = ParserEntries.serverURL(bytes)
  _ = ParserEntries.stunURL(bytes)
}

func fuzzDataPacket(_ bytes: [UInt8]) {
  precondition(ParserEntries.dataPacket(bytes), "not the same after writing and reading")
}

/// Frames and packets that are encrypted from end to end, as they are and as somebody changed them.
func fuzzEncrypted(_ bytes: [UInt8]) {
  if let fault = ParserEntries.encrypted(bytes) {
    // Embedded Swift says nothing of a failed precondition.
    print(bytes.reduce(fault + ":") { $0 + " " + String($1, radix: 16) })
    preconditionFailure()
  }
}

/// A file of keys: as many as there may be, each at a place of the ring.
func fuzzKeyFile(_ bytes: [UInt8]) {
  guard let secrets = try? EndToEndSecret.parse(bytes) else { return }
  precondition(secrets.count <= EndToEndSecret.countMax)
  for secret in secrets {
    precondition((0...EndToEndSecret.indexMax).contains(secret.index) && !secret.passphrase.isEmpty)
  }
}

/// A token endpoint's answer under each kind of status: a token that can be read, or one short line.
func fuzzTokenEndpoint(_ bytes: [UInt8]) {
  for status in [200, 401, 500] {
    do throws(TokenEndpointFailure) {
      let response = try TokenSourceResponse(status: status, body: bytes)
      precondition((try? AccessToken(response.participantToken)) != nil)
    } catch {
      let words = error.words(endpoint: "https://h/t", timeoutSeconds: 10, key: "bearer-file")
      precondition(words.utf8.count < 4096 && words.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
    }
  }
}

/// The regions of LiveKit Cloud: a token goes to each of them, so all are Cloud's, with TLS, and few.
func fuzzCloudRegions(_ bytes: [UInt8]) {
  let regions = CloudRegions.read(bytes)
  precondition(regions.count <= 16)
  for region in regions {
    let text = region.utf8.map { lowercased($0) }
    precondition(text.begins(with: "wss://") || text.begins(with: "https://"))
    let host = text.drop { $0 != 0x2F }.dropFirst(2).prefix { $0 != 0x2F }
    precondition(CloudRegions.isCloud(String(decoding: host, as: UTF8.self)))
  }
}
