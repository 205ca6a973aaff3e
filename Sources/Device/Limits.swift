/// How much the outside may make the device hold.
public enum DeviceLimits {
  /// A token with every grant and 8 kB of metadata, as the control socket takes it too.
  public static let tokenBytesMax = 16 * 1024
  /// Technicians, scripts and a monitor at the same time.
  public static let controlClientsMax = 32
}
