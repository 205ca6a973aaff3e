import Base
import Synchronization

/// Everything that happens to a device but the moving of samples: it is opened, closed when it is lost, asked for
/// again, and what became of it is told. That may take long, allocate and lock, so it is not the audio thread's: the
/// device belongs to one thread at a time, and `isRunning` says to which.
///
/// | `isRunning` | the device is | until |
/// |---|---|---|
/// | false | the keeper's: closed, or on the way | it is open |
/// | true | the audio thread's | it gives it back: with what is wrong, or because nobody wants it |
final class DeviceKeeper<Device: AudioDevice>: @unchecked Sendable {
  private let device: Device
  private let direction: AudioDirection
  /// Somebody tells when cards of the kernel come.
  private let cardsAreTold: Bool
  private let running = Atomic<Bool>(false)
  private let wanted = Atomic<Bool>(true)
  /// Written by the audio thread before it gives the device back.
  private var failure: BoardFailure?

  // The keeper's.
  private var reopening: Reopening
  private var openedAt: Instant
  /// A card that comes shows itself before it can be opened.
  private var settlesAt: Instant
  /// What was told last, so that the same reason is not told at every attempt.
  private var toldReason: String?
  /// A device that ran away is not believed until it has kept time for a while.
  private var isSuspect = false
  private var trial: (parameters: AudioParameters, ends: Instant)?

  init(_ device: Device, _ direction: AudioDirection, cardsAreTold: Bool, now: Instant) {
    self.device = device
    self.direction = direction
    self.cardsAreTold = cardsAreTold
    openedAt = now
    settlesAt = now
    reopening = Reopening(
      firstMilliseconds: BoardLimits.reopenMillisecondsMin,
      longestMilliseconds: BoardLimits.reopenMillisecondsMax, now: now)
  }

  // MARK: Audio thread

  var isRunning: Bool { running.load(ordering: .acquiring) }

  /// One that nobody wants is not asked for.
  func want(_ isWanted: Bool) { wanted.store(isWanted, ordering: .releasing) }

  /// Without a failure it is closed because nobody wants it.
  func giveBack(_ failure: BoardFailure?) {
    self.failure = failure
    running.store(false, ordering: .releasing)
  }

  // MARK: The keeper's thread

  /// Does what is due, and answers when there is more to do; nil: when the device is given back.
  func work(now: () -> Instant, tell: (AudioDeviceEvent) -> Void) -> Instant? {
    if isRunning { return judge(now(), tell) }
    if let lost = failure {
      failure = nil
      device.close()
      if now().milliseconds(since: openedAt) >= BoardLimits.workedMilliseconds { reopening.worked() }
      if fail(lost, now()) { tell(.lost(direction, reason: lost.description)) }
    } else if reopening.isOpen {
      device.close()
      trial = nil
      reopening.closed(now: now())
      tell(.closed(direction))
    }
    guard wanted.load(ordering: .acquiring) else { return nil }
    guard reopening.isDue(now()) else { return reopening.deadline }
    do throws(BoardFailure) {
      let parameters = try device.open()
      reopening.opened()
      openedAt = now()
      if isSuspect {
        trial = (parameters, openedAt.advanced(byMilliseconds: BoardLimits.trialMilliseconds))
      } else {
        believe(parameters, tell)
      }
      running.store(true, ordering: .releasing)
      return trial?.ends
    } catch {
      if fail(error, now()) { tell(.unavailable(direction, reason: error.description)) }
      return reopening.deadline
    }
  }

  /// A card may have come.
  func cardsChanged(_ now: Instant) {
    settlesAt = now.advanced(byMilliseconds: BoardLimits.cardSettlesMilliseconds)
    if !isRunning { reopening.hurry(milliseconds: BoardLimits.reopenMillisecondsMin, now: now) }
  }

  /// When both threads have ended.
  func close() { device.close() }

  /// A device on trial that has kept time so long.
  private func judge(_ now: Instant, _ tell: (AudioDeviceEvent) -> Void) -> Instant? {
    guard let trial else { return nil }
    guard trial.ends <= now else { return trial.ends }
    believe(trial.parameters, tell)
    return nil
  }

  private func believe(_ parameters: AudioParameters, _ tell: (AudioDeviceEvent) -> Void) {
    isSuspect = false
    trial = nil
    toldReason = nil
    tell(.opened(direction, device: device.name, parameters))
  }

  /// That name is a card of the kernel, whose coming is told. What is behind another name may be a sound server.
  private func isTold(_ name: String, _ now: Instant) -> Bool {
    cardsAreTold && settlesAt <= now && SoundCardName(name) != nil
  }

  /// True if that is news.
  private func fail(_ failure: BoardFailure, _ now: Instant) -> Bool {
    trial = nil
    switch failure {
    case .runsAway:
      isSuspect = true
      reopening.failed(forMilliseconds: BoardLimits.runawayPauseMilliseconds, now: now)
    case .deviceNotFound(let name, _) where isTold(name, now),
      .deviceGone(let name, _) where isTold(name, now):
      reopening.failed(forMilliseconds: BoardLimits.absentPauseMilliseconds, now: now)
    default: reopening.failed(now: now)
    }
    let reason = failure.description
    if let told = toldReason, told.utf8.elementsEqual(reason.utf8) { return false }
    toldReason = reason
    return true
  }
}
