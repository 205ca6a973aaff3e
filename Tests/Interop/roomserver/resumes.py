"""How sessions that go on are answered, on demand, and what they said: the hook `resumes`."""
from aiohttp import web
from livekit.protocol import rtc

ANSWERS = ("accept", "refuse", "mismatch", "elsewhere")


class Resumes:
    """`refuse`: as if the participant were forgotten. `mismatch`: its SyncState is. `elsewhere`: another room goes on."""

    def __init__(self):
        self.answer = "accept"
        self.asked = []                     # the `sid` and `reconnect_reason` of each
        self.states = []                    # the SyncStates

    def begin(self, query):
        self.asked.append({"sid": query.get("sid"), "reason": query.get("reconnect_reason")})
        return self.answer

    def room_info(self, room):
        if self.answer != "elsewhere":
            return room.info
        other = type(room.info)()
        other.CopyFrom(room.info)
        other.sid = "RM_elsewhere"
        return other

    def accepts(self, state: rtc.SyncState):
        self.states.append({
            "answer": state.answer.sdp[:3], "offer": state.offer.sdp[:3],
            "tracks": [[t.cid, t.track.sid, t.track.name] for t in state.publish_tracks],
            "channels": [[c.label, c.id, c.target] for c in state.data_channels],
            "received": [[s.publisher_sid, s.last_seq] for s in state.datachannel_receive_states]})
        return self.answer != "mismatch"

    async def hook(self, request):
        """{"answer": one of the four} from now on; -> what was asked and said since the last call."""
        answer = (await request.json()).get("answer", "accept") if request.can_read_body else self.answer
        if answer not in ANSWERS:
            raise web.HTTPBadRequest(text="no such answer")
        told = {"asked": self.asked, "states": self.states}
        self.answer, self.asked, self.states = answer, [], []
        return web.json_response(told)
