import Base
import Testing

@Suite("Nearest name")
struct NearestNameTests {
  let names = ["status", "join", "leave", "mute", "volume", "participants", "connect-timeout", "capture"]

  @Test(
    "a slip of the finger finds the name",
    arguments: [
      ("statsu", "status"), ("jion", "join"), ("mut", "mute"), ("volum", "volume"), ("leeve", "leave"),
      ("conect-timeout", "connect-timeout"), ("Capture", "capture"), ("part", "participants"),
      ("status-all", "status"),
    ])
  func slip(typed: String, meant: String) {
    #expect(nearestName(to: typed, among: names) == meant)
  }

  @Test(
    "something else finds nothing", arguments: ["", "x", "reboot", "ab", String(repeating: "a", count: 5000)])
  func stranger(typed: String) {
    #expect(nearestName(to: typed, among: names) == nil)
  }

  @Test("the nearest wins, the first of equals")
  func nearest() {
    #expect(nearestName(to: "cat", among: ["cart", "car", "cat"]) == "cat")
    #expect(nearestName(to: "bat", among: ["cat", "hat"]) == "cat")
  }

  @Test("no names, nothing near")
  func noNames() { #expect(nearestName(to: "join", among: []) == nil) }
}
