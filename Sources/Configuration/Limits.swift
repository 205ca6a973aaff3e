/// How much a configuration may hold. Beyond these lies a mistake, such as another file under this name.
public enum ConfigurationLimits {
  public static let filesMax = 64
  public static let fileBytesMax = 256 * 1024
  public static let lineBytesMax = 4096
  /// Problems kept in one failure; the rest is counted.
  public static let problemsMax = 32
  /// Characters of a wrong value that a sentence repeats.
  public static let quotedCharactersMax = 60

  public static let nameBytesMax = 128
  public static let pathBytesMax = 1024
  /// `sun_path` holds 108 bytes with its closing zero (unix(7)).
  public static let socketPathBytesMax = 107
  public static let allowRulesMax = 32
  public static let directoryEntriesMax = 100
  /// Rung together.
  public static let groupMax = 8
  public static let planStepsMax = 16
  /// A carrier gives up after three minutes anyway.
  public static let ringSeconds = 5...180
  /// Fewer digits are guessed too soon.
  public static let codeDigitsMin = 4
  public static let codeDigitsMax = 16
  public static let urlBytesMax = 2048
  public static let agentMetadataBytesMax = 3072
  /// useradd(8) takes names of up to 32 characters.
  public static let groupBytesMax = 32
}
