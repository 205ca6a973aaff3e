import Base
import WebRTC

/// Sending packets.
extension Room {
  /// Sends bytes to these identities, or to everybody if there are none. Reliable packets arrive in order and wait
  /// while the connection comes up; others are lost rather than late. At most about 64 000 bytes.
  public func sendData(
    _ payload: [UInt8], topic: Name?, to destinations: [Name], reliable: Bool, now: Instant
  ) throws(DataFailure) {
    try sendPacket(
      .user(.init(payload: payload, topic: topic ?? "")), reliable: reliable, to: destinations, now: now)
  }

  /// One packet a digit: 0-9, `*`, `#` and A-D in either case. Nothing is sent if one is none of these.
  public func sendDTMF(_ digits: String, to destinations: [Name], now: Instant) throws(DataFailure) {
    if digits.isEmpty { throw .badDigit("") }
    var codes: [Int] = []
    for ascii in Array(digits.utf8) {
      guard let code = DTMF.code(ascii) else { throw .badDigit(String(decoding: [ascii], as: UTF8.self)) }
      codes.append(code)
    }
    let free = configuration.limits.dataQueuePacketsMax - core.media.data.queue.waiting.count
    guard codes.count <= free else { throw .full(bufferedBytes: bufferedBytes) }
    for code in codes {
      try sendPacket(
        .dtmf(code: UInt32(code), digit: DTMF.wireDigit(code)), reliable: true, to: destinations, now: now)
    }
  }

  /// The one way onto the wire. What is reliable is queued, in order, until the channel takes it; `urgent` is what
  /// answers others, and finds room where nothing else does any more. `inClear` answers whoever does not encrypt.
  func sendPacket(
    _ packet: OutgoingPacket, reliable: Bool, to destinations: [Name], urgent: Bool = false,
    inClear: Bool = false, now: Instant
  ) throws(DataFailure) {
    guard isJoined else { throw .notJoined }
    guard core.directory.local.permission.canPublishData else { throw .notAllowed }
    if openDataChannels(now) { negotiate(now) }
    let sequence = reliable ? core.media.data.queue.nextSequence : 0
    let value = try sealed(packet, inClear)
    let bytes = DataPacket(destinations: destinations, sequence: sequence, value: value)
      .encoded(lossy: !reliable)
    guard bytes.count <= configuration.limits.dataMessageBytesMax else {
      core.statistics.data.oversized &+= 1
      throw .tooLarge(bytes: bytes.count, max: configuration.limits.dataMessageBytesMax)
    }
    if reliable { try enqueue(bytes, urgent, now) } else { try sendLossy(bytes, now) }
  }

  /// False while packets wait: what can be held back should be, until `reliableDrained`.
  var canSendReliable: Bool {
    isJoined && core.directory.local.permission.canPublishData && core.media.data.queue.waiting.isEmpty
      && core.media.data.channel(.reliable)?.isOpen == true
  }

  private var bufferedBytes: Int {
    let waiting = core.media.data.queue.waitingBytes
    guard let channel = core.media.data.channel(.reliable) else { return waiting }
    return waiting + (core.media.publisher?.bufferedBytes(channel: channel.id) ?? 0)
  }

  private func enqueue(_ bytes: [UInt8], _ urgent: Bool, _ now: Instant) throws(DataFailure) {
    let limits = configuration.limits
    let queue = core.media.data.queue
    let share = urgent ? 4 : 1
    guard queue.waiting.count < limits.dataQueuePacketsMax * share,
      queue.waitingBytes + bytes.count <= limits.dataQueueBytesMax * share
    else {
      core.statistics.data.dropped &+= 1
      throw .full(bufferedBytes: bufferedBytes)
    }
    core.media.data.queue.append(bytes)
    flush(now)
    let channel = core.media.data.channel(.reliable)
    if channel?.isOpen != true, core.media.data.waitingUntil == nil {
      core.media.data.waitingUntil = now.advanced(byMilliseconds: limits.dataChannelOpenMilliseconds)
    }
  }

  /// Hands over what waits, as far as the channel takes it.
  func flush(_ now: Instant) {
    guard let channel = core.media.data.channel(.reliable), channel.isOpen,
      let publisher = core.media.publisher
    else { return }
    while let packet = core.media.data.queue.waiting.first {
      do throws(DataChannelFailure) {
        try publisher.send(packet.bytes, channel: channel.id, now: now)
      } catch {
        // What the other end will never take must not block what is behind it.
        guard case .tooLarge(let bytes, let max) = error else { break }
        core.media.data.queue.dropFirst()
        core.statistics.data.oversized &+= 1
        tellDataFailed(.tooLarge(bytes: bytes, max: max))
        continue
      }
      core.media.data.queue.firstWasSent(keptBytesMax: configuration.limits.dataResendBytesMax)
      sentData()
    }
    core.media.data.queue.trim(bufferedBytes: publisher.bufferedBytes(channel: channel.id))
  }

  private func sendLossy(_ bytes: [UInt8], _ now: Instant) throws(DataFailure) {
    guard let channel = core.media.data.channel(.lossy), channel.isOpen,
      let publisher = core.media.publisher
    else {
      core.statistics.data.dropped &+= 1
      throw .notOpen
    }
    do throws(DataChannelFailure) {
      try publisher.send(bytes, channel: channel.id, now: now)
    } catch {
      core.statistics.data.dropped &+= 1
      switch error {
      case .notOpen: throw .notOpen
      case .tooLarge(let bytes, let max): throw .tooLarge(bytes: bytes, max: max)
      case .full(let bytes): throw .full(bufferedBytes: bytes)
      }
    }
    sentData()
  }

  private func sentData() {
    core.statistics.data.packetsSent &+= 1
    core.dataIsFailing = false
  }

  /// Once until something gets through again: whoever calls us and hears no answer can make as many of these as he
  /// likes.
  func tellDataFailed(_ failure: DataFailure) {
    guard !core.dataIsFailing else { return }
    core.dataIsFailing = true
    emit(.dataFailed(failure))
  }
}
