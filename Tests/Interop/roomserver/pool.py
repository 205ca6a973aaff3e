"""What a participant with a single peer connection receives: tracks in the recvonly sections of its own offers."""
import asyncio
import time

from livekit.protocol import models, rtc

from . import rtp
from .downlink import Downlink
from .subscriber import Subscriber, bind, codec_lines

PAYLOAD_TYPES = (111, 63, 0, 8)             # that are forwarded, in the order of our answers
COMPLAINT_AFTER_SECONDS, COMPLAINT_EVERY_SECONDS = 18, 3


class Pool:
    """Stands where a Subscriber stands. Who wants more sections, or a new answer, asks the client to offer."""
    offered = None
    on_rtcp = Subscriber.on_rtcp
    send_reports = Subscriber.send_reports
    downlink = Subscriber.downlink

    def __init__(self, participant, transport, timing):
        self.participant, self.transport, self.timing = participant, transport, timing
        self.sections = []                  # Downlinks in the order of subscription, with or without a section
        self.mids = {}                      # mid -> Downlink, or None when its track ended after the last offer
        self.videos = set()                 # sids of video tracks: they are asked for and never come
        self.video_sections = 0             # of the last offer
        self.complained = {}                # track sid without a section -> when it is complained of next
        self.offers = 0                     # that were asked for
        self.negotiated_at = time.monotonic()       # the join, then the last answer
        self.free = 0                       # sections of the last offer that carry nothing
        self.changed = False                # since the last answer
        self.timer = None

    # -- tracks ------------------------------------------------------------------------------------------

    def subscribe(self, track):
        if self.downlink(track) or track.info.sid in self.videos:
            return
        if track.info.type == models.VIDEO:
            self.videos.add(track.info.sid)
        else:
            downlink = Downlink(track, None, self.transport, self.timing)
            self.sections.append(downlink)
            track.downlinks.append(downlink)
        self.complained[track.info.sid] = time.monotonic() + COMPLAINT_AFTER_SECONDS
        self._negotiate(self.timing.negotiation_delay)

    def unsubscribe(self, track):
        downlink = self.downlink(track)
        if downlink is None and track.info.sid not in self.videos:
            return
        self.videos.discard(track.info.sid)
        self.complained.pop(track.info.sid, None)
        if downlink:
            downlink.end()
            track.downlinks.remove(downlink)
            self.sections.remove(downlink)
            if downlink.mid is not None:
                self.mids[downlink.mid] = None
        self._negotiate(self.timing.removal_delay)

    def waiting(self):
        return [d for d in self.sections if d.mid is None]

    # -- asking for offers -------------------------------------------------------------------------------

    def restart(self):
        """After a resume: whatever changed in between."""
        if self.changed or self.waiting():
            self._negotiate(self.timing.negotiation_delay)

    def _negotiate(self, delay):
        self.changed = True
        if self.participant.gone or self.timer:
            return
        now = time.monotonic()
        due = max(now + delay, self.negotiated_at + self.timing.negotiation_debounce)
        self.timer = asyncio.get_running_loop().call_later(due - now, self._require)

    def _require(self):
        self._cancel()
        if self.participant.gone or self.participant.session is None:
            return
        self.offers += 1
        self.participant.send(media_sections_requirement=rtc.MediaSectionsRequirement(
            num_audios=max(0, len(self.waiting()) - self.free), num_videos=self.missing_videos()))

    def missing_videos(self):
        return max(0, len(self.videos) - self.video_sections)

    def _cancel(self):
        if self.timer:
            self.timer.cancel()
            self.timer = None

    def complain(self, now):
        """Of tracks for which there is no section: one message each, again and again."""
        lacking = [d.track.info.sid for d in self.waiting()] + (list(self.videos) if self.missing_videos() else [])
        for sid in lacking:
            if now >= self.complained[sid]:
                self.complained[sid] = now + COMPLAINT_EVERY_SECONDS
                self.participant.send(subscription_response=rtc.SubscriptionResponse(track_sid=sid))

    # -- offers ------------------------------------------------------------------------------------------

    def takes(self, mid):
        """Whether a remote track lies in that section."""
        return self.mids.get(mid) is not None

    def retire(self, mid):
        """The client's own track in that section ended: the next remote track may have it, after this answer."""
        self.mids[mid] = None

    def close_section(self, mid):
        """The client offers it inactive: what was there has no section any more."""
        downlink = self.mids.pop(mid, None)
        if downlink:
            downlink.mid, downlink.bound, downlink.answered = None, False, False

    def assign(self, section):
        """-> the Downlink that this answer puts into a section in which the client receives, or None."""
        mid = section.mid
        downlink = self.mids.get(mid)
        if mid not in self.mids:
            downlink = next(iter(self.waiting()), None)
            if downlink:
                downlink.mid, self.mids[mid] = mid, downlink
            else:
                self.free += 1
        if downlink:
            codecs = section.codecs()
            downlink.red = codecs.get(63) == "red/48000/2"
            downlink.answered = 111 in codecs or downlink.red
        return downlink

    def ended(self, mid):
        """Whether the track of that section ended after the last offer; the section is free again with the next one."""
        if mid in self.mids and self.mids[mid] is None:
            del self.mids[mid]
            self.free += 1
            return True
        return False

    def lines(self, section, downlink):
        """-> (payload types, attributes) of the answer to a section in which the client receives."""
        codecs = section.codecs()
        formats = [pt for pt in PAYLOAD_TYPES if pt in codecs]
        nack = [value for value in section.all("rtcp-fb") if value.endswith(" nack")]
        lines = [line for pt in formats for line in codec_lines(pt)] + [f"rtcp-fb:{value}" for value in nack]
        lines += [f"extmap:{ident} {uri}" for uri, ident in rtp.extensions_of(section).items()]
        return formats, lines + (downlink.description_lines() if downlink else [])

    def answering(self):
        self.free = self.video_sections = 0

    def answered(self):
        """The answer is on its way."""
        self.negotiated_at = time.monotonic()
        self.changed = False
        self.bind()
        if self.waiting() or self.missing_videos():
            self._require()                 # once for each offer that does not meet it

    def mid_to_track(self):
        return {d.mid: d.track.info.sid for d in self.sections if d.mid is not None}

    def bind(self):
        bind(self.transport, self.sections)

    def overdue(self, _):
        return False

    async def close(self):
        self._cancel()
        for downlink in self.sections:
            downlink.ended = True
            if downlink in downlink.track.downlinks:
                downlink.track.downlinks.remove(downlink)
