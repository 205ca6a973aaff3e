import CUv

extension EventLoop {
  /// Does `work`, which may wait for a disk or a driver, on another thread, and calls `then` in a later turn of the loop.
  /// What `work` touches is its own until then. Several may be under way, in any order.
  public func apart(_ work: @escaping () -> Void, then: @escaping () -> Void) {
    let request = UnsafeMutablePointer<uv_work_t>.allocate(capacity: 1)
    request.pointee.data = Unmanaged.passRetained(Apart(work, then)).toOpaque()
    // Refused only without a function.
    _ = uv_queue_work(
      handle, request,
      { request in
        guard let data = request?.pointee.data else { return }
        Unmanaged<Apart>.fromOpaque(data).takeUnretainedValue().work()
      },
      { request, _ in
        guard let request, let data = request.pointee.data else { return }
        request.deallocate()
        Unmanaged<Apart>.fromOpaque(data).takeRetainedValue().then()
      })
  }
}

private final class Apart {
  let work: () -> Void
  let then: () -> Void

  init(_ work: @escaping () -> Void, _ then: @escaping () -> Void) {
    self.work = work
    self.then = then
  }
}

/// The same thing done apart again and again with what is newest: one at a time, and of what waits only the last, so
/// that nothing piles up behind a slow disk.
public final class Errand {
  /// Also while something waits.
  public private(set) var isUnderWay = false
  private let loop: EventLoop
  private let work: ([UInt8]) -> String?
  private let then: (String?) -> Void
  private var next: [UInt8]?

  /// `work` answers what went wrong, on another thread; `then` is told it on the loop's.
  public init(_ loop: EventLoop, _ work: @escaping ([UInt8]) -> String?, then: @escaping (String?) -> Void) {
    self.loop = loop
    self.work = work
    self.then = then
  }

  public func run(_ input: [UInt8]) {
    next = input
    if !isUnderWay { begin() }
  }

  private func begin() {
    guard let input = next else { return }
    next = nil
    isUnderWay = true
    var problem: String?
    loop.apart {
      problem = self.work(input)
    } then: {
      self.isUnderWay = self.next != nil
      self.begin()
      self.then(problem)
    }
  }
}
