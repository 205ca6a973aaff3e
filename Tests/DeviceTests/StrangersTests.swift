import Testing

@testable import Device

@Suite struct StrangersTests {
  /// | datagrams | told before in this stay | told |
  @Test(arguments: [
    (0, false, false), (19, false, false), (20, false, true), (1_000_000, false, true),
    (1_000_000, true, false),
  ])
  func row(datagrams: Int, before: Bool, told: Bool) {
    var strangers = Strangers()
    if before { _ = strangers.look(Strangers.toldFrom) }
    let lines = strangers.look(datagrams)
    #expect(lines.count == (told ? 1 : 0))
  }

  @Test func theNextStayTellsAgain() {
    var strangers = Strangers()
    #expect(!strangers.look(50).isEmpty)
    strangers.begin()
    #expect(!strangers.look(50).isEmpty)
  }
}
