"""A call that a connector brings into a room, as a participant of kind CONNECTOR."""
from livekit.protocol import models

from ..insider import Insider
from .call import PUBLISH_SECONDS, BridgedCall


def participant_of(server, room_name, request, detail, identity, hidden=False):
    """The participant that a connector's request describes, in its room, with the agents that it asks for."""
    fresh, room = room_name not in server.rooms, server.room(room_name)
    if fresh:
        for agent in request.agents:
            server.dispatches.create(room, agent)
    info = models.ParticipantInfo(
        identity=request.participant_identity or identity, name=request.participant_name,
        metadata=request.participant_metadata, attributes=request.participant_attributes,
        kind=models.ParticipantInfo.CONNECTOR, kind_details=[detail])
    return Insider(server, room, info, hidden=hidden)


class ConnectorCall(BridgedCall):
    """Without the SIP bridge's attributes, keys and RPCs."""

    def status(self, value):
        pass

    def on_key(self, key):
        pass

    def on_packet(self, packet):
        pass

    def reveal(self):
        """A hidden participant is seen from now on."""
        self.participant.show()
        self.participant.later(PUBLISH_SECONDS, self.participant.publisher.publish)

    def on_hung_up(self):
        self.participant.leave()
        self.stop()
