import Testing

@testable import Configuration

@Suite struct DirectoryTests {
  private func parse(_ text: String) throws -> Settings {
    try Settings.parse(files: [(name: "l.conf", text: text)])
  }

  private func problem(_ text: String) -> String {
    do { _ = try parse(text) } catch { return "\(error)" }
    return ""
  }

  /// What is written, and what of it goes to the server.
  @Test(arguments: [
    ("sip:+15550100", "sip:+15550100"), ("sip:+1 (555) 010-0", "sip:+15550100"),
    ("SIP:+1.555.0100", "sip:+15550100"),
    ("sip:0301234", "sip:0301234"), ("sip:concierge", "sip:concierge"),
    ("whatsapp:+15550101", "whatsapp:15550101"), ("device:front-desk", "device:front-desk"),
    ("device:Front Desk", "device:Front Desk"), ("agent:concierge", "agent:concierge"),
    ("sip:*21#", "sip:*21#"), ("twilio:+1 (555) 0102", "twilio:+15550102"),
  ])
  func targets(text: String, kept: String) throws {
    #expect(try DialTarget(parsing: text)?.text == kept)
  }

  @Test(arguments: [
    ("sip:", "has nothing after its colon"), ("sip:anna@example.org", "has an @"),
    ("sip:+1555 👍", "does not have"),
    ("sip:+1555010012345678", "at most 15"), ("whatsapp:0030123", "begins with 0"),
    ("whatsapp:anna", "does not have"),
    ("sip:+" + String(repeating: "1", count: 200), "is too long"), ("fax:+1555", "no such way"),
    ("sip:+0301234", "a 0 after the +"), ("whatsapp:*21", "is no telephone number"),
    ("sip:---", "has no digits"), ("twilio:desk", "does not have"), ("twilio:030123", "begins with 0"),
  ])
  func refused(text: String, why: String) {
    #expect(problem("[directory]\na = \(text)\n").contains(why))
  }

  @Test func groupsAreTakenApartAndNobodyRingsTwice() throws {
    let settings = try parse(
      """
      [directory]
      anna = sip:+15550100
      bert = whatsapp:15550101
      both = anna + bert
      101 = both + anna
      """)
    #expect(settings.directory.members(of: "101").map { $0.name } == ["anna", "bert"])
    #expect(settings.directory.members(of: "nobody").isEmpty)
    #expect(try parse(settings.text) == settings)
  }

  @Test(arguments: [
    ("[directory]\na = a + b\nb = sip:1\n", "names itself"),
    ("[directory]\na = b\nb = c\nc = a\n", "names itself"),
    ("[directory]\nanna = sip:1\na = ana\n", "did you mean 'anna'?"),
    ("[call]\nplan = nobody 15\n", "not in [directory]"),
    ("[call]\nplan = anna\n", "a name and seconds"),
    ("[directory]\nanna = sip:1\n[call]\nplan = anna 2\n", "5 to 180"),
    ("[directory]\na b = sip:1\n", "other characters"),
    ("[directory]\na = sip:1\na = sip:2\n", "already set in line 2"),
    ("[phone]\nvia = endpoint\n", "[phone] endpoint: not set, but via = endpoint needs it"),
    ("[ring]\nstandby = webhook\n", "[webhook] listen: not set"),
    ("[phone]\ndtmf-after-answer = 1x2\n", "has a key that there is not"),
    ("[phone]\ndisplay-name = a \"b\"\n", "has a quote"),
  ])
  func wrongTogether(text: String, why: String) {
    #expect(problem(text).contains(why), "\(problem(text))")
  }

  @Test func aDropInTakesAnEntryBack() throws {
    let settings = try Settings.parse(files: [
      (name: "a", text: "[directory]\nanna = sip:1\n"), (name: "b", text: "[directory]\nanna =\n"),
    ])
    #expect(settings.directory.entries.isEmpty)
  }

  @Test func anAbsentDisplayNameIsNotAnEmptyOne() throws {
    var settings = try parse("")
    #expect(settings.phone.displayName == nil)
    let empty = try parse("[phone]\ndisplay-name =\n")
    #expect(empty.phone.displayName == "")
    #expect(try parse(empty.text) == empty)
    #expect(try parse(settings.text).phone.displayName == nil)
    #expect(settings.reload(empty).applied == ["[phone] display-name"])
    #expect(settings.phone.displayName == "")
    #expect(settings.reload(try parse("")).applied == ["[phone] display-name"])
    #expect(settings.phone.displayName == nil)
  }

  @Test func thePlanIsReadAndSpelled() throws {
    let settings = try parse("[directory]\nanna = sip:1\n[call]\nplan = anna 15,anna  30\n")
    #expect(settings.call.plan.steps.map { $0.seconds } == [15, 30])
    #expect(settings.call.plan.text == "anna 15, anna 30")
  }

  /// | rules | kind | trunk | called | may |
  @Test(arguments: [
    ("called", "sip", "", true, true), ("called", "sip", "", false, false),
    ("trunk:ST_a", "sip", "ST_a", false, true),
    ("trunk:ST_a", "sip", "ST_b", false, false), ("trunk:ST_a", "sip", "", false, false),
    ("trunk:*", "sip", "ST_x", false, true), ("trunk", "standard", "", false, false),
    ("device:desk", "standard", "", false, false), ("device:phone", "standard", "", false, true),
    ("any", "sip", "", false, true),
  ])
  func telephones(rules: String, kind: String, trunk: String, isCalled: Bool, may: Bool) throws {
    let rules = try AllowRules(parsing: rules)
    #expect(rules.allow(kind: kind, identity: "phone", trunk: trunk, isCalled: isCalled) == may)
  }
}
