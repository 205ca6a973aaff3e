import Base
import JSON

/// LiveKit Cloud's answer to `/settings/regions`, which is the nearest first:
/// `{"regions":[{"region":"...","url":"wss://...","distance":"..."}]}`.
public enum CloudRegions {
  private static let answerBytesMax = 64 << 10
  static let regionsMax = 16

  /// Its addresses, in its order. A token goes to them, so only hosts of Cloud count, and only with TLS.
  public static func read(_ body: [UInt8]) -> [String] {
    guard body.count <= answerBytesMax, let json = try? JSONValue.parse(body, lastCounts: true) else {
      return []
    }
    return json["regions"].array.prefix(regionsMax).compactMap { $0["url"].string }.filter {
      place($0) != nil
    }
  }

  /// nil for what no token may go to.
  static func place(_ url: String) -> ServerURL? {
    guard let server = try? ServerURL(url), server.isSecure, server.isCloud else { return nil }
    return server
  }

  /// Whether a host, which may have a port, is one of Cloud's.
  public static func isCloud(_ authority: String) -> Bool {
    let host = authority.utf8.prefix { $0 != UInt8(ascii: ":") }.map { lowercased($0) }
    return [".livekit.cloud", ".livekit.run"].contains { host.count > $0.utf8.count && host.ends(with: $0) }
  }
}

extension ServerURL {
  var isCloud: Bool { CloudRegions.isCloud(authority) }

  var regions: String { "https://" + authority + "/settings/regions" }
}

/// Which of Cloud's regions is dialled when the project's own address leads nowhere. Pure.
///
/// | what happens | then |
/// |---|---|
/// | the project's address cannot be reached, or its server cannot take us | its regions are asked for, and the first one is dialled |
/// | the same with a region | the next one in the order of the answer |
/// | none is left | the project's address, and its regions are asked for anew when that fails |
/// | the server judged the token, or is none of Cloud's | nothing |
/// | a session that was established is lost | nothing: the same region is dialled again |
/// | the server takes leave and names regions | they are what is left to dial when that fails |
/// | the next `join` | the project's address |
struct RegionChoice {
  /// What is left of the answer; nil as long as there is none.
  private var left: [ServerURL]?
  /// nil: the project's own address.
  private(set) var current: ServerURL?

  /// An attempt failed. true: the regions are to be asked for.
  mutating func failed(_ failure: Failure, project: ServerURL) -> Bool {
    guard project.isCloud, failure.isOfTheRegion else { return false }
    guard left != nil else { return true }
    takeNext()
    return false
  }

  /// true: there is another one to dial.
  mutating func answered(_ body: [UInt8], project: ServerURL) -> Bool {
    guard left == nil else { return false }
    left = others(CloudRegions.read(body), project)
    takeNext()
    return current != nil
  }

  /// By the server, as it takes leave.
  mutating func told(_ urls: [String], project: ServerURL) {
    guard project.isCloud, !urls.isEmpty else { return }
    left = others(urls, project)
  }

  private func others(_ urls: [String], _ project: ServerURL) -> [ServerURL] {
    urls.compactMap { CloudRegions.place($0) }.filter {
      !equalsIgnoringCase($0.authority, current?.authority ?? project.authority)
    }
  }

  private mutating func takeNext() {
    current = left?.first
    if current == nil { left = nil } else { left?.removeFirst() }
  }
}

extension Failure {
  /// Another region may do better.
  fileprivate var isOfTheRegion: Bool {
    switch self {
    case .unknownHost, .connectionRefused, .timedOut, .tls, .unreachable, .serverUnavailable, .noJoinResponse:
      true
    default: false
    }
  }
}
