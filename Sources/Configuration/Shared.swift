/// A large part of a value, which its copies share until one of them changes it: what is copied often, and changed
/// hardly ever, need not be copied field by field at each of those places.
@propertyWrapper
public struct Shared<Value: Sendable>: Sendable {
  private var storage: Storage

  /// Changed only by whoever holds the only reference to it.
  private final class Storage: @unchecked Sendable {
    var value: Value

    init(_ value: Value) { self.value = value }
  }

  public init(wrappedValue: Value) { storage = Storage(wrappedValue) }

  public var wrappedValue: Value {
    get { storage.value }
    _modify {
      if !isKnownUniquelyReferenced(&storage) { storage = Storage(storage.value) }
      yield &storage.value
    }
  }
}

extension Shared: Equatable where Value: Equatable {
  public static func == (one: Self, other: Self) -> Bool { one.wrappedValue == other.wrappedValue }
}
