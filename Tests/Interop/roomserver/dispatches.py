"""livekit.AgentDispatchService: dispatches of a room, and the scripted workers that may take them."""
import asyncio
import importlib
import time

from livekit.protocol import agent as jobs, agent_dispatch

from .roomservice import RoomService
from .settings import new_sid
from .twirp import TwirpError


class Dispatches(RoomService):
    """A worker of a name takes the dispatches of that name. `workers`, from the hook: name -> {"after": seconds,
    "identity", "attributes", "takes": how many, "publishes": bool}. Its agent is the official client."""

    def __init__(self, server):
        super().__init__(server)
        self.workers, self.agents = {}, {}  # dispatch id -> the task that ends with its agent in the room

    def rights(self, method, claims, message):
        return claims.admin_of(message.room)

    def create(self, room, request):
        dispatch = agent_dispatch.AgentDispatch(
            id=new_sid("AD_"), agent_name=request.agent_name, room=room.info.name, metadata=request.metadata,
            restart_policy=request.restart_policy, deployment=request.deployment, attributes=request.attributes)
        dispatch.state.created_at = time.time_ns()
        room.dispatches[dispatch.id] = dispatch
        worker = self.workers.get(request.agent_name)
        if worker and worker.get("takes", 1) > 0:
            worker["takes"] = worker.get("takes", 1) - 1
            self.agents[dispatch.id] = self.server.spawn(self._take(room, dispatch, worker))
        return dispatch

    async def create_dispatch(self, request, _):
        return self.create(self.server.room(request.room), request)

    async def list_dispatch(self, request, _):
        room = self.server.rooms.get(request.room)
        if room is None:
            await self.nobody()
        return agent_dispatch.ListAgentDispatchResponse(agent_dispatches=[
            d for d in room.dispatches.values() if request.dispatch_id in ("", d.id)])

    async def delete_dispatch(self, request, _):
        room = self.server.rooms.get(request.room)
        if room is None:
            await self.nobody()
        dispatch = room.dispatches.pop(request.dispatch_id, None)
        if dispatch is None:
            raise TwirpError("not_found", "twirp error unknown: dispatch ID not found")
        if dispatch.id in self.agents:
            self.server.spawn(self._dismiss(self.agents.pop(dispatch.id)))
        return dispatch

    async def _take(self, room, dispatch, worker):
        """A job appears in the dispatch; its agent joins, and says with which dispatch it came."""
        # Only here, and beside the media: the official client is a large thing to load, and few servers see an agent.
        api, rtc = [await asyncio.to_thread(importlib.import_module, f"livekit.{name}") for name in ("api", "rtc")]
        await asyncio.sleep(worker.get("after", 0.2))
        identity = worker.get("identity") or "agent-" + new_sid("AJ_")
        job = dispatch.state.jobs.add(id=new_sid("AJ_"), type=jobs.JT_ROOM, room=room.info, metadata=dispatch.metadata,
                                      agent_name=dispatch.agent_name, dispatch_id=dispatch.id)
        job.state.status, job.state.participant_identity = jobs.JS_RUNNING, identity
        job.state.started_at = time.time_ns()
        settings = self.server.settings
        token = (api.AccessToken(settings.key, settings.secret).with_identity(identity).with_kind("agent")
                 .with_attributes({"lk.agent.state": "listening", **worker.get("attributes", {})})
                 .with_metadata(dispatch.metadata)
                 .with_grants(api.VideoGrants(room_join=True, room=room.info.name, agent=True)).to_jwt())
        agent = rtc.Room()
        await agent.connect(self.server.own_url(), token)
        if worker.get("publishes"):
            source = rtc.AudioSource(48000, 1)
            await agent.local_participant.publish_track(
                rtc.LocalAudioTrack.create_audio_track("agent", source),
                rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE))
        return agent

    @staticmethod
    async def _dismiss(joining):
        """Others see an agent before its client says that it is connected, and until then it cannot leave."""
        await (await joining).disconnect()

    async def close(self):
        agents, self.agents = self.agents, {}
        for joining in agents.values():
            if joining.done() and not joining.exception():
                await joining.result().disconnect()
            joining.cancel()
