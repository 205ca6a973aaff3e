import Base
import CUsrSCTP
import Synchronization

/// usrsctp, of which a process has one: its start, its clock, and the way from its callbacks to an association.
///
/// It runs without its threads, so every callback comes out of a call that an association made here. The product
/// makes all of them on its reactor thread; tests run beside each other, so `enter` keeps them apart.
///
/// Its timers are one list for all associations and go by the `now` of whichever calls. Connections of one thread
/// therefore have to share a clock.
enum SCTPLibrary {
  private struct Entry {
    var handle: UInt
    var thread: UInt
    /// The association takes itself off the list before it ends.
    var association: Unmanaged<SCTPAssociation>
  }

  private static let isBusy = Atomic<Bool>(false)
  nonisolated(unsafe) private static var isStarted = false
  nonisolated(unsafe) private static var entries: [Entry] = []
  /// usrsctp knows an association by this number, never by its address: it may speak of one that is gone.
  nonisolated(unsafe) private static var lastHandle: UInt = 0
  /// Until when the timers have run, for each thread.
  nonisolated(unsafe) private static var clocks: [(thread: UInt, ticked: Instant)] = []

  /// Every call into usrsctp happens between this and `leave`.
  static func enter() {
    while isBusy.exchange(true, ordering: .acquiring) {}
  }

  static func leave() { isBusy.store(false, ordering: .releasing) }

  /// How many associations there are.
  static var count: Int { entries.count }

  static func register(_ association: SCTPAssociation, now: Instant) -> UnsafeMutableRawPointer? {
    start()
    lastHandle &+= 1
    let thread = UInt(lintel_usrsctp_thread())
    // The first association of a thread starts its clock; one that nobody goes by any more is forgotten.
    clocks = clocks.filter { clock in entries.contains { $0.thread == clock.thread } }
    if !clocks.contains(where: { $0.thread == thread }) { clocks.append((thread, now)) }
    entries.append(
      Entry(handle: lastHandle, thread: thread, association: Unmanaged.passUnretained(association)))
    let handle = UnsafeMutableRawPointer(bitPattern: lastHandle)
    usrsctp_register_address(handle)
    return handle
  }

  static func forget(_ handle: UnsafeMutableRawPointer?) {
    usrsctp_deregister_address(handle)
    entries = entries.filter { $0.handle != UInt(bitPattern: handle) }
  }

  /// Lets the timers run that are due by `now`.
  static func tick(now: Instant) {
    let thread = UInt(lintel_usrsctp_thread())
    guard let index = clocks.firstIndex(where: { $0.thread == thread }) else { return }
    let elapsed = now.milliseconds(since: clocks[index].ticked)
    guard elapsed > 0 else { return }
    clocks[index].ticked = clocks[index].ticked.advanced(byMilliseconds: elapsed)
    usrsctp_handle_timers(UInt32(min(elapsed, Limits.sctpStepMillisecondsMax)))
  }

  fileprivate static func association(_ handle: UnsafeMutableRawPointer?) -> SCTPAssociation? {
    for entry in entries where entry.handle == UInt(bitPattern: handle) {
      return entry.association.takeUnretainedValue()
    }
    return nil
  }

  private static func start() {
    guard !isStarted else { return }
    isStarted = true
    // A device has two associations, not the thousands that the tables are made for.
    _ = usrsctp_tunable_set_sctp_hashtblsize(16)
    _ = usrsctp_tunable_set_sctp_pcbtblsize(16)
    usrsctp_init_nothreads(0, sctpTransmit, nil)
    // Whatever does not belong to an association gets no answer: inside DTLS it is garbage.
    _ = usrsctp_sysctl_set_sctp_blackhole(2)
    // None of these has a use between two addresses that never change (RFC 8831 §5).
    _ = usrsctp_sysctl_set_sctp_ecn_enable(0)
    _ = usrsctp_sysctl_set_sctp_asconf_enable(0)
    _ = usrsctp_sysctl_set_sctp_auto_asconf(0)
    _ = usrsctp_sysctl_set_sctp_auth_enable(0)
    _ = usrsctp_sysctl_set_sctp_nrsack_enable(0)
    _ = usrsctp_sysctl_set_sctp_pktdrop_enable(0)
    // Freed chunks are given back, not kept for later.
    _ = usrsctp_sysctl_set_sctp_asoc_free_resc_limit(0)
    _ = usrsctp_sysctl_set_sctp_system_free_resc_limit(0)
  }
}

/// usrsctp has a packet to send.
private func sctpTransmit(
  _ handle: UnsafeMutableRawPointer?, _ bytes: UnsafeMutableRawPointer?, _ count: Int, _ serviceType: UInt8,
  _ dontFragment: UInt8
) -> CInt {
  guard let bytes else { return 0 }
  SCTPLibrary.association(handle)?.packets.append(Array(UnsafeRawBufferPointer(start: bytes, count: count)))
  return 0
}

/// usrsctp has a message, a part of one, or a notification. The bytes are ours to free.
func sctpReceive(
  _ socket: OpaquePointer?, _ address: sctp_sockstore, _ bytes: UnsafeMutableRawPointer?, _ count: Int,
  _ information: sctp_rcvinfo, _ flags: CInt, _ handle: UnsafeMutableRawPointer?
) -> CInt {
  guard let bytes else { return 1 }
  defer { free(bytes) }
  let content = UnsafeRawBufferPointer(start: bytes, count: count)
  guard let association = SCTPLibrary.association(handle) else { return 1 }
  if flags & MSG_NOTIFICATION != 0 {
    association.notice(content)
  } else {
    let origin = MessageAssembly.Origin(
      stream: information.rcv_sid, firstChunk: information.rcv_tsn,
      protocolIdentifier: UInt32(bigEndian: information.rcv_ppid),
      isUnordered: CInt(information.rcv_flags) & SCTP_UNORDERED != 0)
    association.take(content, origin, isLast: flags & CInt(MSG_EOR) != 0)
  }
  return 1
}

/// usrsctp let go of something: so many bytes of the send buffer are free again.
func sctpSent(_ socket: OpaquePointer?, _ freeBytes: UInt32, _ handle: UnsafeMutableRawPointer?) -> CInt {
  SCTPLibrary.association(handle)?.freeBytesChanged(Int(freeBytes))
  return 1
}
