import Base
import LiveKit

/// Where a request goes when LiveKit Cloud does not answer it: to its next region. It decides and does nothing.
///
/// | outcome | then |
/// |---|---|
/// | an answer below 500, 501, or one that says `not implemented` | it stands |
/// | another 5xx, and it may not be sent twice | it stands |
/// | another 5xx, or no answer | the regions are asked for, and the next of them after a pause |
/// | no answer, it was written, and it may not be sent twice | it stands |
/// | the regions do not answer, or none is left, or it was the third attempt | it stands |
/// | the host is none of Cloud's, or the request has less than 5 s | it stands |
public struct RegionPlan: Equatable, Sendable {
  public enum Outcome: Equatable, Sendable {
    case answered(status: Int, body: [UInt8])
    /// - wasWritten: some of it may have reached the server.
    case failed(TransportFailure, wasWritten: Bool)
  }

  public enum Step: Equatable, Sendable {
    /// GET with the request's own token; `regions` takes what comes of it.
    case askRegions(url: String, timeoutMilliseconds: Int)
    /// The same request, with the same id, to that server.
    case send(server: String, pauseMilliseconds: Int)
    /// What happened last is how it is.
    case giveUp
  }

  private let server: String
  private let isApplicable: Bool
  private let mayRing: Bool
  private var attempts = 1
  /// By host and port.
  private var tried: [String] = []
  /// nil as long as nobody asked.
  private var regions: [String]?

  public init(_ request: APIRequest, server: String) {
    self.server = server
    mayRing = request.mayRing
    let place = RegionPlan.place(of: server)
    isApplicable =
      place.map { CloudRegions.isCloud($0.authority) } ?? false
      && request.timeoutMilliseconds >= TelephonyLimits.regionRequestMillisecondsMin
    if let place { tried.append(place.authority) }
  }

  public mutating func after(_ outcome: Outcome) -> Step {
    guard isApplicable, attempts < TelephonyLimits.regionAttemptsMax, mayRepeat(outcome) else {
      return .giveUp
    }
    guard regions == nil else { return next() }
    return .askRegions(
      url: APIRequest.address(of: "/settings/regions", at: server),
      timeoutMilliseconds: TelephonyLimits.regionListMilliseconds)
  }

  /// What the server answered when it was asked for its regions; no status if it did not.
  public mutating func regions(status: Int?, body: [UInt8]) -> Step {
    guard regions == nil else { return .giveUp }
    regions = status == 200 ? CloudRegions.read(body) : []
    return next()
  }

  private func mayRepeat(_ outcome: Outcome) -> Bool {
    switch outcome {
    case .answered(let status, let body):
      guard status >= 500, status != 501, !mayRing else { return false }
      let words = String(decoding: body.prefix(TelephonyLimits.wordsBytesMax), as: UTF8.self)
      return !holds(words, "not implemented")
    case .failed(.resolve, _), .failed(.refused, _), .failed(.tls, _): return true
    case .failed(_, let wasWritten): return !mayRing || !wasWritten
    }
  }

  private mutating func next() -> Step {
    for region in regions ?? [] {
      guard let place = RegionPlan.place(of: region),
        !tried.contains(where: { equalsIgnoringCase($0, place.authority) })
      else { continue }
      tried.append(place.authority)
      let pause = TelephonyLimits.regionPauseMilliseconds << (attempts - 1)
      attempts += 1
      return .send(server: place.origin, pauseMilliseconds: pause)
    }
    return .giveUp
  }

  /// Without path and query; nil for what is no address of a server.
  private static func place(of url: String) -> (isSecure: Bool, authority: String, origin: String)? {
    guard url.utf8.count <= TelephonyLimits.addressBytesMax else { return nil }
    let address = Array(APIRequest.address(of: "", at: url).utf8)
    let isSecure = address.starts(with: "https://".utf8)
    guard isSecure || address.starts(with: "http://".utf8) else { return nil }
    let host = address.dropFirst(isSecure ? 8 : 7).prefix { !"/?#".utf8.contains($0) }
    guard !host.isEmpty, host.allSatisfy({ isLetterOrDigit($0) || ".-:[]".utf8.contains($0) }) else {
      return nil
    }
    return (
      isSecure, String(decoding: host, as: UTF8.self),
      String(decoding: address[..<host.endIndex], as: UTF8.self)
    )
  }
}
