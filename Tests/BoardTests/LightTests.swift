import Foundation
import Testing

@testable import Board

/// The LED class, from a tree that the test invents.
struct LightTests {
  private func invented(_ files: [String: String]) throws -> Workshop {
    let workshop = try Workshop()
    try FileManager.default.createDirectory(
      atPath: workshop.path("green:run"), withIntermediateDirectories: true)
    for (name, text) in files {
      try text.write(toFile: workshop.path("green:run/" + name), atomically: false, encoding: .utf8)
    }
    return workshop
  }

  private func brightness(_ workshop: Workshop) throws -> String {
    // Of sysfs a write replaces all; of an ordinary file it replaces the beginning.
    try String(contentsOfFile: workshop.path("green:run/brightness"), encoding: .utf8)
  }

  @Test func itIsTakenFromItsTriggerAndShinesAtItsGreatest() throws {
    let workshop = try invented(["brightness": "9", "max_brightness": "4\n", "trigger": "heartbeat"])
    let light = try LED("green:run", folder: workshop.path(""))
    #expect(try String(contentsOfFile: workshop.path("green:run/trigger"), encoding: .utf8).hasPrefix("none"))
    #expect(try brightness(workshop) == "0")
    try light.set(true)
    #expect(try brightness(workshop) == "4\n")
  }

  @Test func oneWithoutTriggerOrGreatestIsALightToo() throws {
    let workshop = try invented(["brightness": "0"])
    let light = try LED("green:run", folder: workshop.path(""))
    try light.set(true)
    #expect(try brightness(workshop) == "1")
  }

  @Test func whatIsNotThereIsSaidSo() throws {
    let workshop = try Workshop()
    #expect(
      throws: BoardFailure.hardware(
        name: "light green:run", reason: "is not there; ls /sys/class/leds lists what is")
    ) { _ = try LED("green:run", folder: workshop.path("")) }
    #expect(!FileManager.default.fileExists(atPath: workshop.path("green:run")))
  }

  @Test func oneThatWasPulledFails() throws {
    let workshop = try invented(["brightness": "0", "max_brightness": "1"])
    let light = try LED("green:run", folder: workshop.path(""))
    try FileManager.default.removeItem(atPath: workshop.path("green:run"))
    #expect(throws: BoardFailure.self) { try light.set(true) }
  }
}
