import Base
import CLinux

/// What a device is called that nobody gave a name: the same at each start, and another one on each machine, also
/// where all were made of one image.
public enum DeviceIdentity {
  public static var defaultID: String {
    let machine = try? Files.read("/etc/machine-id", bytesMax: 64).bytes
    var host = [UInt8](repeating: 0, count: 256)
    host.withUnsafeMutableBytes { room in
      guard let start = room.baseAddress?.assumingMemoryBound(to: CChar.self) else { return }
      gethostname(start, room.count - 1)
    }
    return defaultID(machine: machine ?? [], host: String(decoding: host.prefix { $0 != 0 }, as: UTF8.self))
  }

  /// `lintel-` and eight characters made of the machine's id (machine-id(5)), which has 32; else the host's name.
  ///
  /// The id itself must not be told to networks. Eight characters hold 32 of its 128 bits whatever makes them, so no
  /// cipher hides more of it than mixing does; mixing keeps them from being a part of what other programs tell.
  static func defaultID(machine: [UInt8], host: String) -> String {
    let id = trimmed(machine)
    guard id.count == 32, id.allSatisfy({ hexadecimalDigitValue($0) != nil }) else {
      let name = Array(host.utf8).filter {
        isLetterOrDigit($0) || "-_.".utf8.contains($0)
      }
      return name.isEmpty ? "lintel" : String(decoding: Array(name.prefix(64)), as: UTF8.self)
    }
    // FNV-1a over a key and the id, then SplitMix64's last steps, which spread every bit over all.
    var mixed: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in Array("lintel device id ".utf8) + id {
      mixed = (mixed ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
    }
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    mixed ^= mixed >> 31
    let bytes = [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: mixed >> UInt64($0)) }
    return "lintel-" + hexadecimal(bytes)
  }
}
