/// What the board's hardware is told.
public enum BoardCommand: Equatable, Sendable {
  /// An output by its name, such as the lock's.
  case setOutput(String, Bool)
  /// What the lights do from now on.
  case light(LightPattern)
  case indicate(IndicatorState)
}
