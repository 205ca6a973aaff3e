"""What a TwiML document makes a call do, as far as a door may write it."""
from dataclasses import dataclass, field
import xml.etree.ElementTree as xml

VERBS = {"Connect", "Start", "Dial", "Say", "Play", "Pause", "Hangup", "Reject", "Redirect", "Gather", "Enqueue"}


@dataclass
class Document:
    stream: str | None = None               # the URL of Connect/Stream
    parameters: dict = field(default_factory=dict)
    reject: str | None = None               # "busy" or "rejected"
    verbs: list = field(default_factory=list)


def parse(text):
    """Raises ValueError with the words of Twilio's error 12100 or 12200."""
    try:
        root = xml.fromstring(text)
    except xml.ParseError as error:
        raise ValueError(f"12100 Document parse failure: {error}") from None
    if root.tag != "Response":
        raise ValueError(f"12102 Schema validation: the root is {root.tag}, not Response")
    document = Document(verbs=[child.tag for child in root])
    unknown = set(document.verbs) - VERBS
    if unknown:
        raise ValueError(f"12200 Schema validation warning: no verb {', '.join(sorted(unknown))}")
    for child in root:
        if child.tag == "Reject" and not document.stream:
            document.reject = child.get("reason", "rejected")
        stream = child.find("Stream") if child.tag == "Connect" else None
        if stream is not None and document.stream is None:
            document.stream = stream.get("url", "")
            document.parameters = {p.get("name"): p.get("value") for p in stream.findall("Parameter")}
    return document
