/// Why the engine could not be built. After start nothing throws: what goes wrong is counted.
public enum AudioFailure: Error, Equatable, CustomStringConvertible {
  /// A configuration value outside of what the codec or the engine can do.
  case valueOutOfRange(key: String, value: Int, legal: String)
  /// libopus refused to start; `code` is its own (opus_defines.h).
  case codecRefused(operation: String, code: Int)

  public var description: String {
    switch self {
    case .valueOutOfRange(let key, let value, let legal):
      key + " is " + value.description + "; legal are " + legal
    case .codecRefused(let operation, let code):
      "the Opus library refused to " + operation + " (its error " + code.description + ")"
    }
  }
}
