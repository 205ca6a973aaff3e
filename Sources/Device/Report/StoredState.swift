import Base
import Configuration
import Control
import JSON

/// What of the device outlives a restart, as the file of the state folder holds it: one JSON object. Members of
/// another version are left aside.
///
/// | member | is |
/// |---|---|
/// | `wrong_codes`, `locked_until_ms` | of the door: wrong codes in a row, and the wall clock's time until which none is taken |
/// | `muted` | the microphone was muted by hand on the device |
enum StoredState {
  static func bytes(_ door: [JSONValue.Member], isMuted: Bool) -> [UInt8] {
    JSONValue.object(door + [.init("muted", .bool(isMuted))]).bytes + [0x0A]
  }

  /// nil if it is damaged.
  static func parse(_ bytes: [UInt8]) -> JSONValue? {
    guard let json = try? JSONValue.parse(bytes), case .object = json else { return nil }
    return json
  }
}
