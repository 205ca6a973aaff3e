import Base
import Configuration

@testable import Device

/// What was seen in all runs of this program: which way the parts went from state to state.
enum Coverage {
  nonisolated(unsafe) private(set) static var rows: [(name: String, count: Int)] = []
  nonisolated(unsafe) private static var last: String?

  static func count(_ name: String) {
    if let index = rows.firstIndex(where: { $0.name == name }) {
      rows[index].count += 1
    } else {
      rows.append((name, 1))
    }
  }

  static func fault(_ fault: Fault) { count("fault " + fault.rawValue) }

  static func begin() { last = nil }

  static func phase(_ phase: Stay.Phase) {
    let name = word(phase)
    if let last, last != name { count("stay " + last + " -> " + name) }
    last = name
  }

  static func word(_ phase: Stay.Phase) -> String {
    switch phase {
    case .away: "away"
    case .wanting: "wanting"
    case .dialling: "dialling"
    case .joined: "joined"
    case .interrupted(.signalling): "interrupted-signalling"
    case .interrupted(.media): "interrupted-media"
    case .interrupted(.session): "interrupted-session"
    case .waiting: "waiting"
    case .leaving: "leaving"
    case .failed: "failed"
    }
  }

  static var table: String {
    var text = ""
    let sorted = rows.sorted { Array($0.name.utf8).lexicographicallyPrecedes(Array($1.name.utf8)) }
    for row in sorted { text += padded("\(row.count)", 10) + row.name + "\n" }
    return text
  }
}
