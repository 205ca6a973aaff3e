"""A real agent of the LiveKit agents framework, without a worker, a cloud or a model. It runs in a Python of its own
(requirements-agents.txt) and is told by lines of JSON on standard input what to do; what happens it prints as such.

    {"do": "join", "url": U, "token": T, "listen_to": IDENTITY, "recording": PATH, "ears": "sweep" or "voices"}
    {"do": "say", "text": TEXT, "hertz": 880, "seconds": 2 or "wav": PATH}      {"do": "interrupt"}
    {"do": "rpc", "to": IDENTITY, "method": M, "payload": P, "timeout": SECONDS}
    {"do": "leave"}                                              the recording is written
"""
import asyncio
import contextlib
import json
import logging
import sys
import time
import wave

import numpy as np
from livekit import rtc
from livekit.agents import Agent, AgentSession, StopResponse, inference, stt
from livekit.agents.language import LanguageCode
from livekit.agents.voice import room_io

import sweep

RATE = 16000
SPEECH_RATE = 24000
WORDS_PER_SENTENCE = 8
LISTEN_EVERY_SECONDS = 0.1
CLOSE_SECONDS = 5
QUIET, PAUSE_SECONDS = 200, 0.4             # what ends a sentence


def tell(event, **fields):
    print(json.dumps({"event": event, "at": time.monotonic(), **fields}), flush=True)


class SweepSTT(stt.STT):
    """Understands the words of the sweep, and keeps all that it was given."""

    def __init__(self):
        super().__init__(capabilities=stt.STTCapabilities(streaming=True, interim_results=True))
        self.heard = []

    async def _recognize_impl(self, buffer, *, language=None, conn_options=None):
        raise NotImplementedError("this one streams")

    def stream(self, *, language=None, conn_options):
        return SweepStream(stt=self, conn_options=conn_options, sample_rate=RATE)


class SweepStream(stt.RecognizeStream):
    async def _run(self):
        heard, told, pending, looked, quiet = self._stt.heard, 0, [], 0, 0.0
        async for frame in self._input_ch:
            if not isinstance(frame, rtc.AudioFrame):
                continue
            pcm = np.frombuffer(frame.data, dtype=np.int16)
            heard.append(pcm.copy())
            silent = np.sqrt(np.mean(pcm.astype(float) ** 2)) < QUIET
            if quiet > PAUSE_SECONDS and not silent:
                self._event_ch.send_nowait(stt.SpeechEvent(type=stt.SpeechEventType.START_OF_SPEECH))
            over = silent and quiet <= PAUSE_SECONDS < quiet + frame.duration
            quiet = quiet + frame.duration if silent else 0.0
            total = sum(len(part) for part in heard)
            if over or total - looked >= LISTEN_EVERY_SECONDS * RATE:
                looked = total
                words = sweep.words(sweep.places(np.concatenate(heard), RATE)[1])[told:]
                whole = over or len(words) > WORDS_PER_SENTENCE
                # The last word may still be growing.
                words = words if over else words[:min(len(words) - 1, WORDS_PER_SENTENCE)]
                if words and (whole or words != pending):
                    self._say(words, whole)
                    told += len(words) if whole else 0
                pending = words
            if over:
                self._event_ch.send_nowait(stt.SpeechEvent(type=stt.SpeechEventType.END_OF_SPEECH))

    def _say(self, words, whole):
        kind = stt.SpeechEventType.FINAL_TRANSCRIPT if whole else stt.SpeechEventType.INTERIM_TRANSCRIPT
        text = " ".join(f"w{word:02}" for word in words)
        self._event_ch.send_nowait(stt.SpeechEvent(type=kind, alternatives=[
            stt.SpeechData(language=LanguageCode("en"), text=text, confidence=1.0)]))


class Listener(Agent):
    """Answers nothing by itself."""

    async def on_user_turn_completed(self, turn_ctx, new_message):
        raise StopResponse()


async def tone(hertz, seconds):
    pcm = np.round(9000 * np.sin(2 * np.pi * hertz * np.arange(int(SPEECH_RATE * seconds)) / SPEECH_RATE))
    for part in np.array_split(pcm.astype(np.int16), max(1, int(seconds * 20))):
        yield rtc.AudioFrame(part.tobytes(), SPEECH_RATE, 1, len(part))


async def recorded(path):
    with wave.open(path) as file:
        rate, channels = file.getframerate(), file.getnchannels()
        while part := file.readframes(rate // 20):
            yield rtc.AudioFrame(part, rate, channels, len(part) // (2 * channels))


class Visit:
    """One stay in one room, with ears for the words of the sweep, or for whether anybody speaks at all."""

    def __init__(self, order):
        self.order = order
        self.room = rtc.Room()
        self.ears = SweepSTT()
        if order.get("ears") == "voices":
            hearing = {"vad": inference.VAD(model="silero"), "turn_handling": {"turn_detection": "vad"}}
        else:
            hearing = {"stt": self.ears, "vad": None, "turn_handling": {"turn_detection": "stt"}}
        self.session = AgentSession(aec_warmup_duration=None, **hearing)
        self.session.on("user_state_changed", lambda event: tell("visitor", state=event.new_state))
        self.session.on("user_input_transcribed", lambda event: tell(
            "transcript", text=event.transcript, final=event.is_final))
        self.session.on("agent_state_changed", lambda event: tell("state", state=event.new_state))
        self.room.on("sip_dtmf_received", lambda dtmf: tell("dtmf", digit=dtmf.digit, code=dtmf.code,
                                                            identity=dtmf.participant.identity))
        self.room.on("participant_connected", lambda p: tell("participant", identity=p.identity))

    async def join(self):
        options = room_io.RoomOptions(
            audio_input=room_io.AudioInputOptions(sample_rate=SPEECH_RATE, auto_gain_control=False),
            text_input=room_io.TextInputOptions(text_input_cb=self._chatted))
        # Before connecting: the handler of the pre-connect stream is to be there in time.
        await self.session.start(Listener(instructions=""), room=self.room, room_options=options, session_host=False)
        tell("joining")
        await self.room.connect(self.order["url"], self.order["token"])
        self.session.room_io.set_participant(self.order["listen_to"])
        await self.room.local_participant.set_attributes({"lk.agent.state": self.session.agent_state})
        tell("joined", identity=self.room.local_participant.identity)

    async def say(self, order):
        sound = recorded(order["wav"]) if "wav" in order else tone(order.get("hertz", 880), order.get("seconds", 2))
        handle = self.session.say(order["text"], audio=sound)
        handle.add_done_callback(lambda done: tell("said", interrupted=done.interrupted))

    async def rpc(self, order):
        try:
            answer = await self.room.local_participant.perform_rpc(
                destination_identity=order["to"], method=order["method"], payload=order.get("payload", ""),
                response_timeout=order.get("timeout", 10))
            tell("rpc", payload=answer)
        except rtc.RpcError as error:
            tell("rpc", code=error.code, message=error.message, data=error.data)

    async def leave(self):
        heard = list(self.ears.heard)
        # The framework cancels what it waits for when it is closed in the midst of a transcript, or waits for ever.
        with contextlib.suppress(asyncio.CancelledError, TimeoutError):
            await asyncio.wait_for(self.session.aclose(), CLOSE_SECONDS)
        await self.room.disconnect()
        with wave.open(self.order["recording"], "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(b"".join(part.tobytes() for part in heard))
        tell("left", seconds=sum(len(part) for part in heard) / RATE)

    async def _chatted(self, session, event):
        tell("chat", text=event.text, identity=event.participant.identity if event.participant else "")
        await session.interrupt()
        session.say(f"you wrote: {event.text}", audio=tone(660, 0.5))


async def main():
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(name)s %(message)s")
    logging.getLogger("livekit.agents").setLevel(logging.DEBUG)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    visit = None
    tell("ready")
    while line := await reader.readline():
        order = json.loads(line)
        try:
            match order["do"]:
                case "join":
                    visit = Visit(order)
                    await visit.join()
                case "say": await visit.say(order)
                case "interrupt": await visit.session.interrupt()
                case "rpc": asyncio.ensure_future(visit.rpc(order))
                case "leave": await visit.leave()
        except Exception as error:                  # told, so that the test fails with the reason
            logging.exception("%s", order["do"])
            tell("failed", what=order["do"], error=repr(error))


asyncio.run(main())
