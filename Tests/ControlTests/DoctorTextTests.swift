import Testing

@testable import Control

@Suite("The doctor's words")
struct DoctorTextTests {
  @Test("rows, advice and what it comes to")
  func text() {
    let result = Doctor.json([
      DoctorRow("board", .pass, "simulated board"),
      DoctorRow("level", .warn, "the microphone hears -70 dB", advice: "speak while this runs"),
      DoctorRow("server", .fail, "192.0.2.1:7880: nothing listens there", advice: "start the room server"),
    ])
    #expect(
      Doctor.render(result) == """
        pass  board       simulated board
        warn  level       the microphone hears -70 dB
                          -> speak while this runs
        FAIL  server      192.0.2.1:7880: nothing listens there
                          -> start the room server

        1 failed, 1 to look at

        """)
    #expect(!Doctor.succeeded(result))
    #expect(Doctor.render(Doctor.json([])) == "\nall is as it should be\n")
  }

  @Test(
    "the gravest row decides",
    arguments: [
      ([], "pass"), ([.pass], "pass"), ([.warn, .pass], "warn"), ([.fail, .warn], "fail"),
      ([.warn, .fail, .pass], "fail"),
    ] as [([DoctorRow.Verdict], String)])
  func verdict(verdicts: [DoctorRow.Verdict], whole: String) {
    #expect(Doctor.json(verdicts.map { DoctorRow("x", $0, "y") })["verdict"].string == whole)
  }
}
