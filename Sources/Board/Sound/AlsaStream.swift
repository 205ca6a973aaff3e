import Base
import CALSA
import CLinux

/// What both directions of an ALSA card have in common.
public class AlsaStream {
  public final var name: String { wanted.device }
  public final internal(set) var dropouts = 0
  public private(set) final var isReady = false
  final let wanted: AlsaName
  final var device: AlsaDevice?
  /// It could be opened before.
  final var wasThere = false

  init(_ name: AlsaName) { wanted = name }

  public final func close() {
    device = nil
    isReady = false
  }

  public final var delaySamples: Int? { device?.delaySamples ?? nil }

  /// Fills in what to wait for and answers how many; 0 when it is closed.
  final func pollDescriptors(into descriptors: UnsafeMutableBufferPointer<pollfd>) -> Int {
    device?.pollDescriptors(into: descriptors) ?? 0
  }

  /// After waiting for these.
  final func look(at descriptors: UnsafeMutableBufferPointer<pollfd>) {
    isReady = device?.isReady(descriptors) ?? false
  }
}
