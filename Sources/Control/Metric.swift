import Base
import JSON

/// One figure of `stats` and `metrics`: a decimal number that is kept whole, so that nothing rounds on the way.
public struct Metric: Equatable, Sendable {
  public enum Kind: String, Sendable { case gauge, counter, info }

  /// As Prometheus names it, in base units and without the `_total` of a counter.
  public var name: String
  public var kind: Kind
  /// One sentence.
  public var help: String
  public var labels: [TextPair]
  /// In units of 10^-decimals.
  public var value: Int
  public var decimals: Int

  public init(
    _ name: String, _ kind: Kind, _ help: String, _ value: Int, decimals: Int = 0, labels: [TextPair] = []
  ) {
    self.name = name
    self.kind = kind
    self.help = help
    self.value = value
    self.decimals = decimals
    self.labels = labels
  }

  /// `-0.030` for -30 with three decimals.
  public var number: String {
    guard decimals > 0 else { return "\(value)" }
    var scale: UInt = 1
    for _ in 0..<decimals { scale *= 10 }
    var fraction = "\(value.magnitude % scale)"
    while fraction.utf8.count < decimals { fraction = "0" + fraction }
    return (value < 0 ? "-" : "") + "\(value.magnitude / scale)." + fraction
  }

  /// The name of the sample with its labels.
  var sample: String {
    var text = name + (kind == .counter ? "_total" : kind == .info ? "_info" : "")
    for (index, label) in labels.enumerated() {
      text += (index == 0 ? "{" : ",") + label.name + "=\"" + Self.escaped(label.value) + "\""
    }
    return text + (labels.isEmpty ? "" : "}")
  }

  /// OpenMetrics 1.0, "escaped-string".
  private static func escaped(_ text: String) -> String {
    var bytes: [UInt8] = []
    for byte in Array(text.utf8) {
      switch byte {
      case 0x0A: bytes += [0x5C, 0x6E]
      case 0x22, 0x5C: bytes += [0x5C, byte]
      default: bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension [Metric] {
  /// A call at each of its fifty places.
  @inline(never)
  public mutating func add(
    _ name: String, _ kind: Metric.Kind, _ help: String, _ value: Int, decimals: Int = 0,
    labels: [TextPair] = []
  ) {
    append(Metric(name, kind, help, value, decimals: decimals, labels: labels))
  }

  /// A sample for each value of one label.
  @inline(never)
  public mutating func add(
    _ name: String, _ kind: Metric.Kind, _ help: String, _ values: [(String, Int)], decimals: Int = 0,
    label: String
  ) {
    for (word, value) in values {
      add(name, kind, help, value, decimals: decimals, labels: [TextPair(label, word)])
    }
  }
}

/// All figures together. The samples of one name stand beside each other.
public enum Metrics {
  public static let contentType = "application/openmetrics-text; version=1.0.0; charset=utf-8"

  /// The text that a scraper reads (OpenMetrics 1.0).
  public static func openMetrics(_ metrics: [Metric]) -> String {
    var text = ""
    var described = ""
    for metric in metrics {
      if metric.name != described {
        described = metric.name
        text += "# TYPE \(metric.name) \(metric.kind.rawValue)\n# HELP \(metric.name) \(metric.help)\n"
      }
      text += metric.sample + " " + metric.number + "\n"
    }
    return text + "# EOF\n"
  }

  /// The result of `stats`: a member for each sample.
  public static func json(_ metrics: [Metric]) -> JSONValue {
    .object(
      metrics.map { metric in
        let value: JSONValue =
          metric.decimals == 0 ? .integer(Int64(metric.value)) : .real(Self.real(metric))
        return .init(metric.sample, value)
      })
  }

  private static func real(_ metric: Metric) -> Double {
    var scale = 1.0
    for _ in 0..<metric.decimals { scale *= 10 }
    return Double(metric.value) / scale
  }
}
