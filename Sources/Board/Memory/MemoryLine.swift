import Base

/// A line, light or button in memory. Whoever waits for its edges is called.
public final class MemoryLine: DigitalInput, DigitalOutput {
  public private(set) var isOn: Bool
  /// Nil while it works.
  public var failure: BoardFailure?
  /// There was an edge: `read` tells how it stands.
  public var onEdge: (() -> Void)?
  /// It was set, for whoever looks at it.
  public var onSet: ((Bool) -> Void)?
  private var hasEdge = false

  public init(isOn: Bool = false) { self.isOn = isOn }

  /// As somebody who presses a button, or lets it go.
  public func put(_ on: Bool) {
    guard on != isOn else { return }
    isOn = on
    hasEdge = true
    onEdge?()
  }

  public func read(_ hasChanged: inout Bool) throws(BoardFailure) -> Bool {
    if let failure { throw failure }
    hasChanged = hasEdge
    hasEdge = false
    return isOn
  }

  public func set(_ on: Bool) throws(BoardFailure) {
    if let failure { throw failure }
    isOn = on
    onSet?(on)
  }
}

/// A keypad in memory.
public final class MemoryKeypad: KeyInput {
  /// Nil while it works.
  public var failure: BoardFailure?
  /// There are keys to be read.
  public var onKeys: (() -> Void)?
  private var keys: [KeypadKey] = []

  public init() {}

  public func press(_ key: KeypadKey) {
    keys.append(key)
    onKeys?()
  }

  public func read(_ take: (KeypadKey) -> Void) throws(BoardFailure) {
    if let failure { throw failure }
    let pressed = keys
    keys = []
    for key in pressed { take(key) }
  }
}
