/// A reference that does not keep its object alive: how an owned object's handler points back to its owner.
///
/// Embedded Swift has neither `weak` nor `unowned`. The owner must close what it owns before it goes, so that the
/// handler is not called afterwards; all objects of this room do so when they are let go. While `owner` is used
/// the object stays alive, so a handler may drop the last other reference to it.
public struct Unowned<Owner: AnyObject> {
  private let reference: Unmanaged<Owner>

  public init(_ owner: Owner) { reference = .passUnretained(owner) }

  public var owner: Owner { reference.takeUnretainedValue() }
}
