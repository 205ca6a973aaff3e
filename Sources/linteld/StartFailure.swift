import AudioEngine
import Base
import Board
import Reactor
import WebRTC

/// Why the daemon cannot run at all.
enum StartFailure: Error {
  case audio(AudioFailure)
  case board(BoardFailure)
  case reactor(ReactorFailure)
  case certificate(String)

  var description: String {
    switch self {
    case .audio(let failure): failure.description
    case .board(let failure): failure.description
    case .reactor(let failure): failure.description
    case .certificate(let words): "no DTLS certificate could be made: \(words)"
    }
  }
}
