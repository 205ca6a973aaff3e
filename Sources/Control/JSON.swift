import JSON

/// Params, results and events are JSON values, so that who speaks the protocol needs no other room for them.
public typealias JSONValue = JSON.JSONValue
public typealias JSONFailure = JSON.JSONFailure
