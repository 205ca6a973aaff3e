"""Session descriptions as lists of attributes: parsing leniently, writing exactly."""
from dataclasses import dataclass, field


class SdpError(ValueError):
    """The text is no session description at all."""


@dataclass
class Section:
    kind: str
    port: int
    proto: str
    formats: list
    attributes: list = field(default_factory=list)      # (name, value) in order

    def get(self, name, default=None):
        return next((v for n, v in self.attributes if n == name), default)

    def all(self, name):
        return [v for n, v in self.attributes if n == name]

    @property
    def mid(self):
        return self.get("mid")

    @property
    def direction(self):
        names = {n for n, _ in self.attributes}
        return next((d for d in ("sendonly", "recvonly", "inactive", "sendrecv") if d in names), "sendrecv")

    def codecs(self):
        """-> {payload type: 'opus/48000/2'} in lower case, for the payload types of the m= line."""
        maps = dict(v.split(None, 1) for v in self.all("rtpmap") if " " in v)
        return {int(pt): maps[pt].strip().lower() for pt in self.formats if pt in maps}

    def fmtp(self, payload_type):
        return next((v.split(None, 1)[1] for v in self.all("fmtp")
                     if " " in v and v.split()[0] == str(payload_type)), None)


@dataclass
class Description:
    attributes: list
    sections: list

    def session(self, name):
        return next((v for n, v in self.attributes if n == name), None)

    def transport(self, name):
        """A transport attribute: on the first section that is not rejected, else at session level."""
        for section in self.sections:
            if section.port or section.kind == "application":
                return section.get(name) or self.session(name)
        return self.session(name)

    def fingerprints(self):
        for attributes in [self.attributes] + [s.attributes for s in self.sections]:
            found = [tuple(v.split(None, 1)) for n, v in attributes if n == "fingerprint" and " " in v]
            if found:
                return found
        return []

    def bundled(self):
        group = next((v for n, v in self.attributes if n == "group" and v.startswith("BUNDLE")), None)
        return set(group.split()[1:]) if group else None


def parse(text):
    if not text.startswith("v=0"):
        raise SdpError("does not begin with v=0")
    attributes, sections = [], []
    for line in text.replace("\r\n", "\n").split("\n"):
        if not line:
            continue
        if len(line) < 2 or line[1] != "=":
            raise SdpError(f"not a line of SDP: {line[:40]!r}")
        if line.startswith("m="):
            words = line[2:].split()
            if len(words) < 4 or not words[1].isdigit():
                raise SdpError(f"bad media line: {line[:60]!r}")
            sections.append(Section(words[0], int(words[1]), words[2], words[3:]))
        elif line.startswith("a="):
            name, _, value = line[2:].partition(":")
            (sections[-1].attributes if sections else attributes).append((name, value))
    if not sections:
        raise SdpError("has no media section")
    return Description(attributes, sections)


def render(session_id, version, fingerprint, ice_lite, sections):
    """sections: [(media line, mid or None when rejected, [attribute lines])]"""
    mids = " ".join(mid for _, mid, _ in sections if mid is not None)
    lines = ["v=0", f"o=- {session_id} {version} IN IP4 0.0.0.0", "s=-", "t=0 0", "a=msid-semantic:WMS *",
             f"a=fingerprint:sha-256 {fingerprint}"]
    if ice_lite:
        lines.append("a=ice-lite")
    lines += ["a=extmap-allow-mixed", f"a=group:BUNDLE {mids}"]
    for media, _, attributes in sections:
        lines += ["m=" + media, "c=IN IP4 0.0.0.0"] + ["a=" + a for a in attributes]
    return "\r\n".join(lines) + "\r\n"
