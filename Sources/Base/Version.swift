/// The version that the programs, the status and the packages state.
public let lintelVersion = "0.2.0"
