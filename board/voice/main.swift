// The audio engine's halves as a program, compiled into one module with Sources/AudioEngine, so that what is measured
// is the code that ships.
import Glibc

func fail(_ words: String) -> Never {
  print("voice: \(words)")
  exit(2)
}

func bytes(of path: String) -> [UInt8] {
  guard let file = fopen(path, "rb") else { fail("cannot read \(path)") }
  defer { fclose(file) }
  fseek(file, 0, SEEK_END)
  var bytes = [UInt8](repeating: 0, count: ftell(file))
  rewind(file)
  guard fread(&bytes, 1, bytes.count, file) == bytes.count else { fail("cannot read \(path)") }
  return bytes
}

func samples(of path: String) -> [Int16] {
  bytes(of: path).withUnsafeBytes { raw in
    (0..<(raw.count / 2)).map { raw.loadUnaligned(fromByteOffset: $0 * 2, as: Int16.self) }
  }
}

func write<Element>(_ elements: [Element], to path: String) {
  let size = MemoryLayout<Element>.stride
  guard let file = fopen(path, "wb"), fwrite(elements, size, elements.count, file) == elements.count,
    fclose(file) == 0
  else { fail("cannot write \(path)") }
}

let words = Array(CommandLine.arguments.dropFirst())
switch words.first {
case "microphone": microphone(Array(words.dropFirst()))
case "encode": encode(Array(words.dropFirst()))
case "play": play(Array(words.dropFirst()))
default: fail("usage: voice microphone|encode|play ...")
}
