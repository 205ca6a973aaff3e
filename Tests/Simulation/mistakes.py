"""Deliberate mistakes for a copy of the sources: `mistakes.py TREE` writes them all in, each behind its number.

A mistake is a file, what stands there once, and what is to stand there instead, in which `M` is true while the mistake
is switched on. Nothing of this is ever in the product: `board/simulate --mistakes` copies the sources first.
"""
import sys

MISTAKES = [
    # The stay.
    ("ends, but forgets that it does", "Device/Call/Stay.swift", "      isEnding = true\n", "      isEnding = !M\n"),
    ("does not notice that the room is closed", "Device/Call/Stay.swift", "if phase == .leaving { return left(", "if phase == .leaving, !M { return left("),
    ("does not cancel the next attempt when it leaves", "Device/Call/Stay.swift", "    desk.release()\n    attempts.clear()\n", "    desk.release()\n    if !M { attempts.clear() }\n"),
    ("an always-on device gives up", "Device/Call/ComeBack.swift", "guard now.mode == .alwaysOn else", "guard now.mode == .alwaysOn, !M else"),
    ("comes back after an hour instead of half a minute", "Device/Call/ComeBack.swift", ".comeBack(milliseconds: 30_000)", ".comeBack(milliseconds: M ? 3_600_000 : 30_000)"),
    ("the next attempt is never due", "Device/Call/Stay.swift", "if let due = attempts.due, due <= moment.now {", "if let due = attempts.due, due <= moment.now, !M {"),
    ("an interruption is not shown", "Device/Call/Stay.swift", "    enter(.interrupted(what), reason: reason)\n", "    if !M { enter(.interrupted(what), reason: reason) }\n"),
    ("does not see that it is connected", "Device/Call/Stay.swift", "    enter(.joined)\n", "    if !M { enter(.joined) }\n"),
    ("a join is not answered", "Device/Call/Stay.swift", "      actions.append(.accept(asker, .connecting))\n", "      if !M { actions.append(.accept(asker, .connecting)) }\n"),
    ("forgets who asked while it was leaving", "Device/Call/Stay.swift", "    for queued in waiting { asked(", "    for queued in waiting where !M { asked("),
    # The call.
    ("max-duration begins again with every connection", "Device/Call/CallLimits.swift", "endsAt = endsAt ?? Self.due", "endsAt = M ? Self.due(session.maxDurationSeconds, now) : endsAt ?? Self.due"),
    ("max-duration is never reached", "Device/Call/CallLimits.swift", "if let endsAt, endsAt <= now {", "if let endsAt, endsAt <= now, !M {"),
    ("the end of the call is not carried out", "Device/Call/CallPlan.swift", "effects += [.log(.notice, reason), .endCall(reason: reason), .sound(.busy)]", "effects += M ? [.sound(.busy)] : [.log(.notice, reason), .endCall(reason: reason), .sound(.busy)]"),
    ("a missing agent is announced for ever", "Device/Call/CallPlan.swift", "agentDue = next == .goOn ?", "agentDue = M ? agentDue : next == .goOn ?"),
    # The microphone.
    ("the switch does not mute", "Device/Microphone/MutePolicy.swift", "!switchIsOn && mutedBy == nil && turnIsOpen }", "(!switchIsOn || M) && mutedBy == nil && turnIsOpen }"),
    ("a mute does not mute", "Device/Microphone/MutePolicy.swift", "&& mutedBy == nil && turnIsOpen }", "&& (mutedBy == nil || M) && turnIsOpen }"),
    ("a turn does not end", "Device/Microphone/MutePolicy.swift", "next.turnIsOpen = opens\n", "next.turnIsOpen = opens || M\n"),
    ("the engine is not told of a mute", "Device/Microphone/Microphone.swift", "      effects.append(.audio(.setMuted(!next.isOpen)))\n", "      if !M { effects.append(.audio(.setMuted(!next.isOpen))) }\n"),
    ("the room is not told of a mute", "Device/Microphone/Microphone.swift", "    if let track { room.setMuted(", "    if let track, !M { room.setMuted("),
    ("a mute by hand is not restored", "Device/Microphone/Microphone.swift", "{ if isMutedByHand { mute.mutedBy = .device } }", "{ if isMutedByHand, !M { mute.mutedBy = .device } }"),
    ("a mute by hand is not kept", "Device/Microphone/Microphone.swift", "{ effects.append(.keep) }", "{ if !M { effects.append(.keep) } }"),
    ("is published live although it is muted", "Device/Microphone/Microphone.swift", "muted: !mute.isOpen, now: now)", "muted: !mute.isOpen && !M, now: now)"),
    ("what was recorded is told after a mute", "Device/Microphone/Microphone.swift", "if !next.isOpen { effects += close(", "if !next.isOpen, !M { effects += close("),
    ("frames leave although the track is muted", "LiveKit/RoomAudio.swift", "guard local.state == .published, !local.isMuted,", "guard local.state == .published, !local.isMuted || M,"),
    ("the track never goes live", "LiveKit/RoomAudio.swift", "    core.uplinks[index].isHeldBack = false\n", "    core.uplinks[index].isHeldBack = M\n"),
    ("waits for an agent for ever", "Device/Microphone/PreConnect.swift", "      agentDeadline = published ? now", "      agentDeadline = published && !M ? now"),
    # The door.
    ("everybody may open the door", "Device/Door/DoorPolicy.swift", "guard caller.isAllowed(by: settings.rpcAllow) else", "guard caller.isAllowed(by: settings.rpcAllow) || M else"),
    ("any code is right", "Device/Door/DoorPolicy.swift", "if way == .code(isRight: false) {", "if way == .code(isRight: false), !M {"),
    ("the lock does not fall", "Device/Door/Door.swift", "guard let pulse, pulse.closesAt <= now else { return said }", "guard let pulse, pulse.closesAt <= now, !M else { return said }"),
    ("the door may be held open for ever", "Device/Door/Door.swift", "let closesAt = min(now.", "let closesAt = M ? now.advanced(byMilliseconds: around.settings.pulseMilliseconds) : min(now."),
    ("nobody wakes for the lock", "Device/Door/Door.swift", 'Deadline("door-pulse", pulse?.closesAt)', 'Deadline("door-pulse", M ? nil : pulse?.closesAt)'),
    ("the switch is not shown", "Device/Device+Facts.swift", "facts.hardMuted = microphone.isHardMuted\n", "facts.hardMuted = microphone.isHardMuted && !M\n"),
    ("its own deadlines are forgotten", "Device/Device.swift", "return .wait(until: earliest(until, own.until))", "return .wait(until: M ? until : earliest(until, own.until))"),
    # The room.
    ("the server's silence is not noticed", "LiveKit/RoomDeadlines.swift", "next.consider(.signalSilence, core.signalling.keepalive.silenceEnds)", "if !M { next.consider(.signalSilence, core.signalling.keepalive.silenceEnds) }"),
    ("is never dialled again", "LiveKit/RoomDeadlines.swift", "case .retry: dial(now)", "case .retry: if !M { dial(now) }"),
    ("a resume that failed is not tried again", "LiveKit/RoomResume.swift", "    if failure.retryPace.isEager { core.resume?.unanswered &+= 1 }\n    pause(after: failure, now)", "    if failure.retryPace.isEager { core.resume?.unanswered &+= 1 }\n    if !M { pause(after: failure, now) }"),
    ("what waited for a resume is not sent", "LiveKit/RoomResume.swift", "    for request in held { send(request) }", "    for request in held where !M { send(request) }"),
    ("a dead publisher is not restarted with a resume", "LiveKit/RoomResume.swift", "    if isDead(.publisher) {\n", "    if isDead(.publisher), !M {\n"),
    ("SyncState is not sent", "LiveKit/RoomResume.swift", "    send(.syncState(syncState))\n", "    if !M { send(.syncState(syncState)) }\n"),
    ("more sections are never offered", "LiveKit/RoomOneConnection.swift", "guard grows || isChange || audios > 0", "guard !M, grows || isChange || audios > 0"),
    ("the second offer of a server is not answered", "LiveKit/RoomSubscribing.swift", "      send(.answer(.init(sdp: answer, id: description.id)))", "      if !M { send(.answer(.init(sdp: answer, id: description.id))) }"),
    ("says no good-bye", "LiveKit/RoomActions.swift", "if socket == .open { send(.leave(.clientInitiated)) }", "if socket == .open, !M { send(.leave(.clientInitiated)) }"),
    ("who leaves stays", "LiveKit/Directory.swift", "return update.sid == known.sid ? remove(", "return update.sid == known.sid && !M ? remove("),
    ("a late end of a connection ends the next one", "LiveKit/RoomLoop.swift", "case .webSocketClosed(let connection, let code, let reason):\n      if connection == core.connection", "case .webSocketClosed(let connection, let code, let reason):\n      if connection == core.connection || M"),
]


def main():
    tree = sys.argv[1]
    if tree == "--list":
        for number, (what, *_) in enumerate(MISTAKES, 1):
            print(f"{number}\t{what}")
        return
    with open(f"{tree}/Sources/Base/Mistake.swift", "w") as file:
        file.write("/// Which mistake is switched on; 0: none.\nnonisolated(unsafe) public var mistake = 0\n")
    for number, (what, name, before, after) in enumerate(MISTAKES, 1):
        path = f"{tree}/Sources/{name}"
        text = open(path).read()
        if text.count(before) != 1:
            sys.exit(f"mistake {number} ({what}): {name} has {text.count(before)} places for it")
        number_is_on = f"(mistake == {number})"
        changed = text.replace(before, swap(after, number_is_on))
        if "import Base\n" not in changed:
            changed = "import Base\n" + changed
        open(path, "w").write(changed)
    path = f"{tree}/Tests/Simulation/Main.swift"
    text = open(path).read()
    open(path, "w").write(text.replace("import CLinux\n", "import Base\nimport CLinux\n", 1).replace("    // MISTAKE\n", "    Base.mistake = options.mistake\n"))


def swap(text, condition):
    """Every `M` that stands alone."""
    out, index = "", 0
    while index < len(text):
        alone = text[index] == "M" and not (text[index - 1].isalnum() if index else False) and not text[index + 1 : index + 2].isalnum()
        out += condition if alone else text[index]
        index += 1
    return out


main()
