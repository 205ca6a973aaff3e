import Foundation
import Testing

/// The rows of a README's table, cell by cell: that one after `heading` whose first line has these `columns`. It is a
/// Markdown table, or stands in a fence, aligned by blanks.
func readmeTable(_ path: String, after heading: String, columns: [String]) throws -> [[String]] {
  let lines = try String(contentsOf: projectFolder().appendingPathComponent(path), encoding: .utf8)
    .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  guard let rows = tableRows(lines, after: heading, columns: columns) else {
    throw NoTable(path: path, heading: heading, columns: columns)
  }
  return rows
}

/// Compares a README's table with the rows that a function gives, row by row. What differs is told with the whole
/// table as it should stand there.
func expectTable(
  _ rows: [[String]], in path: String, after heading: String, columns: [String],
  at location: SourceLocation = #_sourceLocation
) throws {
  let written = try readmeTable(path, after: heading, columns: columns)
  let differences = tableDifferences(written, rows)
  guard !differences.isEmpty else { return }
  let table = alignedTable([columns] + rows)
  Issue.record(
    Comment(
      rawValue: "\(path), \(heading):\n\(differences.joined(separator: "\n"))\nIt should be:\n\(table)"),
    sourceLocation: location)
}

/// A line for each row that is not as the function makes it.
func tableDifferences(_ written: [[String]], _ made: [[String]]) -> [String] {
  (0..<max(written.count, made.count)).compactMap { index in
    let found = index < written.count ? written[index] : nil
    let right = index < made.count ? made[index] : nil
    guard found != right else { return nil }
    let cells = { (row: [String]?) in row.map { "\($0)" } ?? "no such row" }
    return "row \(index + 1) is \(cells(found)), the function gives \(cells(right))"
  }
}

struct NoTable: Error {
  let path: String
  let heading: String
  let columns: [String]
}

/// nil if no such table stands there.
func tableRows(_ lines: [String], after heading: String, columns: [String]) -> [[String]]? {
  guard let start = lines.firstIndex(of: heading) else { return nil }
  var index = start + 1
  while index < lines.count {
    let line = lines[index]
    index += 1
    if line.hasPrefix("|"), markdownCells(line) == columns {
      return lines[index...].dropFirst().prefix { $0.hasPrefix("|") }.map { markdownCells($0) }
    }
    if let starts = columnStarts(line, columns) {
      return lines[index...].prefix { !$0.hasPrefix("```") }.map { alignedCells($0, starts) }
    }
  }
  return nil
}

/// `| a | b\|c |` has the cells `a` and `b|c`.
private func markdownCells(_ line: String) -> [String] {
  let bars = line.replacingOccurrences(of: "\\|", with: "\u{0}").split(
    separator: "|", omittingEmptySubsequences: false)
  return bars.dropFirst().dropLast().map {
    $0.replacingOccurrences(of: "\u{0}", with: "|").trimmingCharacters(in: .whitespaces)
  }
}

/// Where each column begins, if the line has these titles and nothing else.
private func columnStarts(_ line: String, _ columns: [String]) -> [Int]? {
  let characters = Array(line)
  var starts: [Int] = []
  var position = 0
  for title in columns {
    while position < characters.count, characters[position] == " " { position += 1 }
    guard characters[position...].starts(with: Array(title)) else { return nil }
    starts.append(position)
    position += title.count
    guard position == characters.count || characters[position] == " " else { return nil }
  }
  return position == characters.count && !columns.isEmpty ? starts : nil
}

private func alignedCells(_ line: String, _ starts: [Int]) -> [String] {
  let characters = Array(line)
  return starts.enumerated().map { index, start in
    let end = index + 1 < starts.count ? starts[index + 1] : characters.count
    guard start < characters.count else { return "" }
    return String(characters[start..<min(max(start, end), characters.count)]).trimmingCharacters(
      in: .whitespaces)
  }
}

/// As it stands in a fence, two blanks between the columns.
func alignedTable(_ rows: [[String]]) -> String {
  var widths = [Int](repeating: 0, count: rows.map(\.count).max() ?? 0)
  for row in rows { for (index, cell) in row.enumerated() { widths[index] = max(widths[index], cell.count) } }
  var text = ""
  for row in rows {
    var line = ""
    for (index, cell) in row.enumerated() {
      line +=
        cell + (index + 1 < row.count ? String(repeating: " ", count: widths[index] + 2 - cell.count) : "")
    }
    while line.hasSuffix(" ") { line.removeLast() }
    text += line + "\n"
  }
  return text
}

private func projectFolder() -> URL {
  URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
}

@Suite struct ReadmeTableTests {
  let lines = [
    "# Title", "", "| who | how |", "|---|---|", "| before | x |", "", "## Here", "text", "",
    "| who | how |", "|---|---|", "| a | b\\|c |", "| d |  |", "", "```", "who      how   who",
    "two words x y",
    "         z     w", "```", "after",
  ]

  @Test func readsAMarkdownTable() {
    #expect(tableRows(lines, after: "## Here", columns: ["who", "how"]) == [["a", "b|c"], ["d", ""]])
  }

  @Test func readsAnAlignedTable() {
    #expect(
      tableRows(lines, after: "## Here", columns: ["who", "how", "who"])
        == [["two words", "x y", ""], ["", "z", "w"]])
  }

  @Test func aTableThatIsNotThereIsNone() {
    #expect(tableRows(lines, after: "## There", columns: ["who", "how"]) == nil)
    #expect(tableRows(lines, after: "## Here", columns: ["who"]) == nil)
    #expect(tableRows(lines, after: "## Here", columns: ["how", "who"]) == nil)
  }

  @Test func whatIsWrittenIsReadAgain() {
    let rows = [["a", "", "long cell"], ["b c", "d", ""]]
    let columns = ["first", "second one", "third"]
    let text = alignedTable([columns] + rows).split(separator: "\n").map(String.init)
    #expect(tableRows(["## X"] + text, after: "## X", columns: columns) == rows)
  }

  @Test func everyWrongRowIsTold() {
    let table = [["a", "b"], ["c", "d"]]
    #expect(tableDifferences(table, table).isEmpty)
    #expect(
      tableDifferences(table, [["a", "b"], ["c", "x"], ["e", "f"]]) == [
        "row 2 is [\"c\", \"d\"], the function gives [\"c\", \"x\"]",
        "row 3 is no such row, the function gives [\"e\", \"f\"]",
      ])
    #expect(
      tableDifferences(table, [table[0]]) == [
        "row 2 is [\"c\", \"d\"], the function gives no such row"
      ])
  }
}
