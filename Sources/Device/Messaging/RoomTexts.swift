import Base
import Control
import LiveKit

/// What others in the room say beside sound, as events; and what the journal notes of the room.
func told(_ event: LiveKit.Event) -> [Effect] {
  switch event {
  case .chatReceived(let message):
    let event = Event.chat(identity: message.identity.text, text: excerpt(message.text))
    return [.tellWithin(budget: event.name, event)]
  case .transcription(let segment):
    let event = Event.transcript(
      identity: segment.speakerIdentity.text, segment: segment.id.text, text: excerpt(segment.text),
      isFinal: segment.isFinal)
    return [segment.isFinal ? .tell(event) : .tellWithin(budget: "transcript", event)]
  case .dataReceived(let payload, let topic, let sender, _):
    let event = Event.data(
      identity: sender.identity.text, topic: excerpt(topic.text), bytes: payload.count)
    return [.tellWithin(budget: event.name, event)]
  case .streamEnded(let stream, let failure):
    let event = Event.file(
      identity: stream.identity.text, topic: excerpt(stream.topic.text), name: excerpt(stream.name),
      bytes: stream.receivedBytes, failure: failure?.description)
    return [.tellWithin(budget: event.name, event)]
  default: return []
  }
}

func noted(_ event: LiveKit.Event) -> [Effect] {
  switch event {
  case .roomMetadataChanged(let metadata):
    return [.log(.info, "the room's metadata has \(metadata.utf8.count) bytes now")]
  case .recordingChanged(let isRecording):
    let words = isRecording ? "the room is being recorded" : "the room is not recorded any more"
    return [.tell(.roomRecording(isRecording)), .log(.notice, words, event: "room.recording")]
  case .descriptionDropped(let why):
    return [.log(.warning, "an offer or answer of the server was dropped: \(why)")]
  case .relayFailed(let why):
    return [.log(.warning, "no relay is to be had of \(why)")]
  case .requestRefused(let request, let reason):
    return [.log(.warning, "the server refused \(request): \(reason)")]
  default: return []
  }
}

/// As much of a text as an event repeats: the history keeps it.
private func excerpt(_ text: String) -> String {
  guard text.utf8.count > DeviceLimits.eventTextBytesMax else { return text }
  // A character that is cut in two becomes U+FFFD.
  return String(decoding: text.utf8.prefix(DeviceLimits.eventTextBytesMax), as: UTF8.self) + "..."
}
