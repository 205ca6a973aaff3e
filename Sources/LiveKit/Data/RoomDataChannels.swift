import Base
import WebRTC

/// The channels of both peer connections: opening, messages, closing.
///
/// We send on our own channels on the publisher. The server sends on its own on the subscriber, or on ours where
/// the publisher is the primary connection: messages are taken from every channel.
extension Room {
  /// Asks for ours on a publisher, which is made if there is none; true if an offer has to tell.
  func openDataChannels(_ now: Instant) -> Bool {
    guard !core.media.data.areRequested, core.directory.local.permission.canPublishData else {
      return false
    }
    // Making it asks for the channels as well.
    guard let publisher = core.media.publisher else {
      start(.publisher, now)
      return true
    }
    requestDataChannels(on: publisher)
    return true
  }

  /// In the first offer of a publisher, so that no second one is needed.
  func requestDataChannels(on publisher: any MediaPeer) {
    // On the only connection they are for what others say as well, and nobody knows yet what we may.
    guard !core.media.data.areRequested,
      core.media.isOnlyPublisher || core.directory.local.permission.canPublishData
    else { return }
    core.media.data.areRequested = true
    let reliable = publisher.openDataChannel(label: "_reliable", ordered: true, maxRetransmits: nil)
    let lossy = publisher.openDataChannel(label: "_lossy", ordered: false, maxRetransmits: 0)
    core.media.data.channels.append(
      .init(peer: .publisher, id: reliable, kind: .reliable, isOpen: false))
    core.media.data.channels.append(.init(peer: .publisher, id: lossy, kind: .lossy, isOpen: false))
  }

  /// Whoever can be called has to be able to answer at once, also when nothing is published.
  func preparePublisherForCalls(_ now: Instant) {
    guard !configuration.rpcMethods.isEmpty, openDataChannels(now) else { return }
    negotiate(now)
  }

  func channelOpened(_ peer: Peer, _ id: PeerConnection.DataChannelID, label: String, _ now: Instant) {
    guard let kind = DataSession.kind(label: label) else { return }
    if let index = core.media.data.index(peer, id) {
      core.media.data.channels[index].isOpen = true
    } else if core.media.data.channels.count < configuration.limits.dataChannelsMax {
      core.media.data.channels.append(.init(peer: peer, id: id, kind: kind, isOpen: true))
    } else {
      core.statistics.limitDrops &+= 1
    }
    if core.media.data.channel(.reliable)?.id == id, peer == .publisher {
      core.media.data.waitingUntil = nil
      channelWritable(now)
    }
  }

  func channelWritable(_ now: Instant) {
    flush(now)
    if canSendReliable { reliableDrained(now) }
  }

  func channelMessage(_ peer: Peer, _ id: PeerConnection.DataChannelID, _ bytes: [UInt8], _ now: Instant) {
    guard let index = core.media.data.index(peer, id) else {
      core.statistics.data.unknownKinds &+= 1
      return
    }
    receivedData(bytes, reliable: core.media.data.channels[index].kind == .reliable, now)
  }

  /// The server closes our reliable channel after a message that is too long for it, and a closed one never opens
  /// again: only a new session has a new one.
  func channelClosed(_ peer: Peer, _ id: PeerConnection.DataChannelID, _ now: Instant) {
    guard let index = core.media.data.index(peer, id) else { return }
    let channel = core.media.data.channels.remove(at: index)
    if peer == .publisher, channel.kind == .reliable { closedByServer(.dataChannelClosed, now) }
  }

  /// Nothing waits for ever.
  func expireWaitingPackets(_ now: Instant) {
    guard let until = core.media.data.waitingUntil, until <= now else { return }
    giveUpWaitingPackets()
  }

  /// Also with the session, whose numbers they have.
  func giveUpWaitingPackets() {
    core.media.data.waitingUntil = nil
    let packets = core.media.data.queue.dropWaiting()
    core.statistics.data.dropped &+= packets
    if packets > 0 { tellDataFailed(.givenUp(packets: packets)) }
  }
}
