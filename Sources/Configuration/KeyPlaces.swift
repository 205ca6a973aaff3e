/// Where the keys stand, each the last time.
struct KeyPlaces {
  private struct Place {
    let path: String
    let file: String
    /// Which of the files that is, as two may have one name.
    let number: Int
    let line: Int
  }

  private var places: [Place] = []

  /// Notes that the key stands here. Answers with the line in which it stands already, if that is in this very file.
  mutating func note(_ path: String, file: String, number: Int, line: Int) -> Int? {
    if let index = places.firstIndex(where: { $0.path == path }) {
      if places[index].number == number { return places[index].line }
      places.remove(at: index)
    }
    places.append(Place(path: path, file: file, number: number, line: line))
    return nil
  }

  /// nil: in none of the files.
  func place(of path: String) -> (file: String, line: Int)? {
    places.first { $0.path == path }.map { ($0.file, $0.line) }
  }
}
