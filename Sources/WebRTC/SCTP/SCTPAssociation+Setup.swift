import CUsrSCTP

// What an association is told before it starts, and what it tells afterwards.
extension SCTPAssociation {
  /// False: usrsctp refused an option, which a library of another make might.
  func configure(_ socket: OpaquePointer) -> Bool {
    guard
      lintel_usrsctp_set_buffers(socket, CInt(Limits.sctpBufferBytes), CInt(Limits.sctpBufferBytes)) != 0
    else { return false }
    var start = sctp_initmsg()
    start.sinit_num_ostreams = UInt16(Limits.sctpStreamsMax)
    start.sinit_max_instreams = UInt16(Limits.sctpStreamsMax)
    start.sinit_max_attempts = Limits.sctpInitAttemptsMax
    start.sinit_max_init_timeo = UInt16(Limits.sctpTimeoutMillisecondsMax)
    var timeouts = sctp_rtoinfo()
    timeouts.srto_initial = Limits.sctpFirstTimeoutMilliseconds
    timeouts.srto_min = Limits.sctpTimeoutMillisecondsMin
    timeouts.srto_max = Limits.sctpTimeoutMillisecondsMax
    var endurance = sctp_assocparams()
    endurance.sasoc_asocmaxrxt = Limits.sctpRetransmissionsMax
    // ICE asks every five seconds whether the peer is there (RFC 7675); a heartbeat beside it would be one more
    // packet that keeps a radio awake. The packet size is fixed, as DTLS over ICE finds out none (RFC 8261 §5).
    var path = sctp_paddrparams()
    path.spp_flags = UInt32(SPP_HB_DISABLE | SPP_PMTUD_DISABLE)
    path.spp_pathmtu = UInt32(Limits.sctpPacketBytesMax)
    path.spp_pathmaxrxt = Limits.sctpRetransmissionsMax
    var acknowledgement = sctp_sack_info()
    acknowledgement.sack_delay = Limits.sctpDelayedSackMilliseconds
    acknowledgement.sack_freq = 2
    var resets = sctp_assoc_value()
    resets.assoc_value = UInt32(SCTP_ENABLE_RESET_STREAM_REQ)
    // Requests that wait for each other's acknowledgement are slower than the few bytes are worth.
    var immediately: UInt32 = 1
    guard
      lintel_usrsctp_set(socket, SCTP_INITMSG, &start, MemoryLayout<sctp_initmsg>.size) != 0,
      lintel_usrsctp_set(socket, SCTP_RTOINFO, &timeouts, MemoryLayout<sctp_rtoinfo>.size) != 0,
      lintel_usrsctp_set(socket, SCTP_ASSOCINFO, &endurance, MemoryLayout<sctp_assocparams>.size) != 0,
      lintel_usrsctp_set(socket, SCTP_PEER_ADDR_PARAMS, &path, MemoryLayout<sctp_paddrparams>.size) != 0,
      lintel_usrsctp_set(socket, SCTP_DELAYED_SACK, &acknowledgement, MemoryLayout<sctp_sack_info>.size) != 0,
      lintel_usrsctp_set(socket, SCTP_ENABLE_STREAM_RESET, &resets, MemoryLayout<sctp_assoc_value>.size) != 0,
      lintel_usrsctp_set(socket, SCTP_NODELAY, &immediately, 4) != 0
    else { return false }
    var wanted = sctp_event()
    wanted.se_on = 1
    for type in [SCTP_ASSOC_CHANGE, SCTP_STREAM_RESET_EVENT, SCTP_PARTIAL_DELIVERY_EVENT] {
      wanted.se_type = UInt16(type)
      guard lintel_usrsctp_set(socket, SCTP_EVENT, &wanted, MemoryLayout<sctp_event>.size) != 0 else {
        return false
      }
    }
    return true
  }

  func notice(_ bytes: UnsafeRawBufferPointer) {
    // All of them begin with a type, flags and their length.
    guard bytes.count >= 8 else { return }
    switch CInt(bytes.load(as: UInt16.self)) {
    case SCTP_ASSOC_CHANGE:
      guard bytes.count >= MemoryLayout<sctp_assoc_change>.size else { return }
      associationChanged(bytes.load(as: sctp_assoc_change.self))
    case SCTP_STREAM_RESET_EVENT:
      let listed = MemoryLayout<sctp_stream_reset_event>.size
      var streams: [UInt16] = []
      for offset in stride(from: listed, to: bytes.count - 1, by: 2) {
        streams.append(bytes.load(fromByteOffset: offset, as: UInt16.self))
      }
      streamsReset(streams, flags: CInt(bytes.load(fromByteOffset: 2, as: UInt16.self)))
    case SCTP_PARTIAL_DELIVERY_EVENT:
      guard bytes.count >= MemoryLayout<sctp_pdapi_event>.size else { return }
      partialDeliveryAborted(
        stream: UInt16(truncatingIfNeeded: bytes.load(as: sctp_pdapi_event.self).pdapi_stream))
    default:
      break
    }
  }

  private func associationChanged(_ change: sctp_assoc_change) {
    switch CInt(change.sac_state) {
    case SCTP_COMM_UP: isNowUp(streams: Int(change.sac_outbound_streams))
    case SCTP_RESTART: restarted(streams: Int(change.sac_outbound_streams))
    case SCTP_COMM_LOST: end("the SCTP association was lost")
    case SCTP_SHUTDOWN_COMP: end("the peer shut the SCTP association down")
    default: end("the SCTP association could not be set up")
    }
  }
}
