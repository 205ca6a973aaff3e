// What encryption from end to end adds to 20 ms of a call: a frame that is encrypted and one that is decrypted, on the
// way that frames take through the daemon, which bench_audio.py counts.
import CLinux
import LiveKit
import System

/// sealing FRAMES FRAME_BYTES KEY_BYTES [allocation]: prints "complete 1" if each frame came back as it was. With the
/// last word it makes a mistake, to see that interpose.c notices.
@main struct Sealing {
  static func main() {
    let words = programArguments() ?? []
    guard words.count >= 3, let frames = Int(words[0]), let bytes = Int(words[1]), let key = Int(words[2]),
      let call = SealedCall(keyBytes: key)
    else { exit(2) }
    // Opus at a variable rate: no frame is as long as the one before.
    let speech = (0..<17).map { [UInt8](repeating: UInt8($0), count: bytes - 8 + $0 * 7 % 17) }
    // The first frame of somebody is where keys are looked up.
    guard call.open(call.seal(speech[0])) == speech[0] else { exit(1) }
    // interpose.c knows the thread that it counts by its name, and text would be allocated when it is handed over.
    let counted = Array("lintel-audio\0".utf8).map { CChar($0) }
    let uncounted = Array("sealing\0".utf8).map { CChar($0) }
    pthread_setname_np(pthread_self(), counted)
    if words.count > 3 { free(strdup("a mistake")) }
    for number in 0..<frames {
      let frame = speech[number % speech.count]
      guard call.open(call.seal(frame)) == frame else { exit(1) }
    }
    pthread_setname_np(pthread_self(), uncounted)
    // What is freed after its last use is not freed while it is counted.
    guard !speech.isEmpty, !counted.isEmpty, !words.isEmpty else { exit(1) }
    print("frames \(frames + 1)\ncomplete 1")
  }
}
