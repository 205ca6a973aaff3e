import Base

/// A request that waits for its response (RFC 8489 §6.2.1).
struct ICETransaction {
  enum Purpose: Equatable {
    case gathering
    case check(pair: Int, nominates: Bool, role: ICERole)
    /// Sent once; the next one is a new transaction (RFC 7675 §5.1).
    case consent(role: ICERole)
  }

  var id: TransactionID
  var purpose: Purpose
  var base: ICEBase
  var remote: SocketAddress
  var datagram: [UInt8]
  /// Of the integrity check of the response; empty: none is expected.
  var key: [UInt8]
  /// Of the first transmission.
  var sentAt: Instant
  var transmissions = 1
  var intervalMilliseconds = 0
  var nextAt = Instant(microseconds: 0)
}

extension ICEAgent {
  var hasRoomForTransaction: Bool { transactions.count < Limits.iceTransactionsMax }

  /// Sends the first datagram of a transaction.
  func start(_ transaction: ICETransaction, _ now: Instant) {
    guard hasRoomForTransaction else {
      counters.overLimit &+= 1
      return
    }
    var started = transaction
    switch started.purpose {
    case .gathering: started.intervalMilliseconds = Limits.stunRetransmissionMilliseconds
    case .check: started.intervalMilliseconds = Limits.checkRetransmissionMilliseconds
    case .consent: started.intervalMilliseconds = Limits.disconnectedMilliseconds
    }
    if started.base.kind == .tcp, started.intervalMilliseconds != Limits.disconnectedMilliseconds {
      // RFC 6544 §7.1: over a connection nothing is sent twice.
      started.intervalMilliseconds = Limits.streamCheckMilliseconds
      started.transmissions = Limits.checkTransmissionsMax
    }
    started.nextAt = now.advanced(byMilliseconds: started.intervalMilliseconds)
    transactions.append(started)
    transmit(started.datagram, from: started.base, to: started.remote)
  }

  /// Repeats what was not answered, and gives up what was repeated often enough.
  func advanceTransactions(_ now: Instant) {
    var index = 0
    while index < transactions.count {
      guard transactions[index].nextAt <= now else {
        index += 1
        continue
      }
      if repeatTransaction(at: index, now) {
        index += 1
      } else {
        let expired = transactions.remove(at: index)
        if case .check(let pair, let nominates, _) = expired.purpose {
          checkFailed(pair, nominated: nominates)
          if expired.base.kind == .tcp { streamIsSilent(expired.base, now) }
        }
      }
    }
  }

  /// False: it is over.
  private func repeatTransaction(at index: Int, _ now: Instant) -> Bool {
    var transaction = transactions[index]
    let isCheck: Bool
    switch transaction.purpose {
    case .consent: return false
    case .check: isCheck = true
    case .gathering: isCheck = false
    }
    let isBeside = selected?.generation == list.generation
    let most =
      isCheck
      ? isBeside ? Limits.standbyTransmissionsMax : Limits.checkTransmissionsMax : Limits.stunTransmissionsMax
    guard transaction.transmissions < most else { return false }
    transaction.transmissions += 1
    transaction.intervalMilliseconds *= 2
    if isCheck {
      transaction.intervalMilliseconds = min(
        transaction.intervalMilliseconds, Limits.checkRetransmissionMillisecondsMax)
    } else if transaction.transmissions == most {
      transaction.intervalMilliseconds = Limits.stunRetransmissionMilliseconds * Limits.stunLastWaitMultiple
    }
    transaction.nextAt = now.advanced(byMilliseconds: transaction.intervalMilliseconds)
    transactions[index] = transaction
    transmit(transaction.datagram, from: transaction.base, to: transaction.remote)
    return true
  }
}
