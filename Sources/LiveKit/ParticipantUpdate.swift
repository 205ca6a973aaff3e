/// What is to change of ourselves.
public struct ParticipantUpdate: Equatable, Sendable {
  /// Empty: stays as it is, which is also why neither can be emptied.
  public var name = ""
  public var metadata = ""
  /// Those not named stay; an empty value removes one.
  public var attributes: [String: String] = [:]

  public init(name: String = "", metadata: String = "", attributes: [String: String] = [:]) {
    self.name = name
    self.metadata = metadata
    self.attributes = attributes
  }

  var isEmpty: Bool { name.isEmpty && metadata.isEmpty && attributes.isEmpty }

  mutating func merge(_ later: ParticipantUpdate) {
    if !later.name.isEmpty { name = later.name }
    if !later.metadata.isEmpty { metadata = later.metadata }
    for (key, value) in later.attributes { attributes[key] = value }
  }

  /// Takes out what this one names.
  mutating func forget(_ other: ParticipantUpdate) {
    if !other.name.isEmpty { name = "" }
    if !other.metadata.isEmpty { metadata = "" }
    for (key, _) in other.attributes { attributes[key] = nil }
  }

  /// What of it this participant does not show.
  func missing(in participant: Participant) -> ParticipantUpdate {
    var rest = ParticipantUpdate()
    if name != participant.name { rest.name = name }
    if metadata != participant.metadata { rest.metadata = metadata }
    for (key, value) in attributes where value != participant.attributes[key] ?? "" {
      rest.attributes[key] = value
    }
    return rest
  }
}
