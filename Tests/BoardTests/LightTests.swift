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

  private static let colours: [(String, String, UInt32, String)] = [
    ("red green blue\n", "255\n", 0xFF8000, "255 128 0"), ("green red\n", "100\n", 0xFF8000, "50 100"),
    ("blue green red", "31", 0x0000FF, "31 0 0"),
    ("red green blue white\n", "255\n", 0x102030, "16 32 48 0"),
    ("red green blue white\n", "255\n", 0xFFFFFF, "255 255 255 255"),
    ("amber violet", "7", 0xFFFFFF, "7 7"),
    ("red green blue\n", "rubbish", 0xFFFFFF, "1 1 1"), ("red", "4294967296", 0xFFFFFF, "4294967295"),
  ]

  @Test(
    "the colours of one that has several",
    arguments: colours)
  func colour(index: String, greatest: String, colour: UInt32, written: String) throws {
    let workshop = try invented([
      "brightness": "9", "max_brightness": greatest, "multi_index": index, "multi_intensity": "",
    ])
    let intensities = {
      try String(contentsOfFile: workshop.path("green:run/multi_intensity"), encoding: .utf8)
    }
    let light = try LED("green:run", folder: workshop.path(""))
    #expect(try intensities().isEmpty && brightness(workshop) == "0", "dark at first")
    try light.show(colour)
    #expect(try intensities() == written && brightness(workshop) == greatest)
    try light.show(0)
    #expect(try intensities() == written && brightness(workshop) == "0")
    try light.set(true)
    #expect(try brightness(workshop) == greatest)
  }

  @Test func oneOfOneColourShowsEveryColour() throws {
    let workshop = try invented(["brightness": "9", "max_brightness": "4\n"])
    try LED("green:run", folder: workshop.path("")).show(0x00FF00)
    #expect(try brightness(workshop) == "4\n")
    #expect(!FileManager.default.fileExists(atPath: workshop.path("green:run/multi_intensity")))
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
