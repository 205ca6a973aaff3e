import Base
import Testing

@testable import WebRTC

@Suite struct STUNMessageTests {
  private let key = Array("secret".utf8)
  private let transaction = TransactionID(high: 1, low: 2)

  @Test(arguments: [UInt16(1), 3, 0x0F, 0x10, 0x80, 0xFFF]) func typeField(_ method: UInt16) throws {
    for messageClass in [STUNMessage.Class.request, .indication, .success, .error] {
      let written = STUNMessage(messageClass, method: method, transaction: transaction)
      let parsed = try STUNMessage.parse(written.serialized())
      #expect(parsed.messageClass == messageClass)
      #expect(parsed.method == method)
      #expect(parsed.transaction == transaction)
    }
    #expect(STUNMessage(.success, transaction: transaction).typeField == 0x0101)
    #expect(STUNMessage(.error, transaction: transaction).typeField == 0x0111)
  }

  @Test func attributesRoundTrip() throws {
    var message = STUNMessage(.request, transaction: transaction)
    message.add(STUNAttributeType.username, Array("abc:d".utf8))
    message.add(STUNAttributeType.priority, number32: 0x7EFF_FFFF)
    message.add(STUNAttributeType.iceControlling, number64: .max)
    message.add(STUNAttributeType.useCandidate)
    message.addError(487, reason: "Role Conflict")
    message.addUnknownAttributes([0x7001, 0x7002])
    let parsed = try STUNMessage.parse(message.serialized(integrityKey: key))
    #expect(parsed.attributes == message.attributes)
    #expect(parsed.username == Array("abc:d".utf8))
    #expect(parsed.priority == 0x7EFF_FFFF)
    #expect(parsed.controllingTieBreaker == .max)
    #expect(parsed.usesCandidate)
    #expect(parsed.errorCode == 487)
    #expect(parsed.value(STUNAttributeType.unknownAttributes) == [0x70, 1, 0x70, 2])
    #expect(parsed.isAuthentic(key: key))
    #expect(!parsed.isAuthentic(key: []))
  }

  @Test func withoutIntegrityNothingIsAuthentic() throws {
    let parsed = try STUNMessage.parse(STUNMessage(.request, transaction: transaction).serialized())
    #expect(!parsed.isAuthentic(key: key))
  }

  @Test func unknownRequiredAttributesAreListedOnce() throws {
    var message = STUNMessage(.request, transaction: transaction)
    for type: UInt16 in [0x7001, 0x8001, 0x7002, 0x7001, 0x8022] { message.add(type, [1]) }
    let parsed = try STUNMessage.parse(message.serialized())
    #expect(parsed.unknownRequiredAttributes == [0x7001, 0x7002])
  }

  @Test func whatFollowsIntegrityIsIgnored() throws {
    var message = STUNMessage(.request, transaction: transaction)
    message.add(STUNAttributeType.priority, number32: 5)
    var bytes = message.serialized(integrityKey: key).dropLast(8) + [0, 0x25, 0, 0]
    bytes[3] = UInt8(bytes.count - 20)
    let parsed = try STUNMessage.parse(Array(bytes))
    #expect(parsed.isAuthentic(key: key))
    #expect(!parsed.usesCandidate)
    #expect(parsed.priority == 5)
  }

  @Test func malformedLengths() throws {
    let good = STUNMessage(.request, transaction: transaction).serialized()
    for count in 0..<good.count {
      #expect(throws: STUNFailure.self) { try STUNMessage.parse(Array(good.prefix(count))) }
    }
    #expect(throws: STUNFailure.lengthMismatch) { try STUNMessage.parse(good + [0, 0, 0, 0]) }
    #expect(throws: STUNFailure.tooLong) { try STUNMessage.parse([UInt8](repeating: 0, count: 1501)) }
    var noCookie = good
    noCookie[4] = 0
    #expect(throws: STUNFailure.notSTUN) { try STUNMessage.parse(noCookie) }
    var overrun = good
    overrun[23] = 5
    #expect(throws: STUNFailure.truncated) { try STUNMessage.parse(overrun) }
    var many = STUNMessage(.request, transaction: transaction)
    for _ in 0..<40 { many.add(0x8001) }
    #expect(throws: STUNFailure.tooManyAttributes) { try STUNMessage.parse(many.serialized()) }
  }

  @Test func malformedValuesAreAbsent() throws {
    var message = STUNMessage(.success, transaction: transaction)
    message.add(STUNAttributeType.priority, [1, 2, 3])
    message.add(STUNAttributeType.iceControlled, [1])
    message.add(STUNAttributeType.errorCode, [0, 0, 9, 99])
    message.add(STUNAttributeType.xorMappedAddress, [0, 3, 0, 0, 1, 2, 3, 4])
    let parsed = try STUNMessage.parse(message.serialized())
    #expect(parsed.priority == nil)
    #expect(parsed.controlledTieBreaker == nil)
    #expect(parsed.errorCode == nil)
    #expect(parsed.mappedAddress == nil)
  }

  @Test func datagramKinds() {
    #expect(DatagramKind([]) == .unknown)
    let expected: [(UInt8, DatagramKind)] = [
      (0, .stun), (3, .stun), (4, .unknown), (19, .unknown), (20, .dtls), (63, .dtls), (64, .turnChannel),
      (79, .turnChannel), (80, .unknown), (127, .unknown), (128, .media), (191, .media), (192, .unknown),
    ]
    for (byte, kind) in expected { #expect(DatagramKind([byte]) == kind) }
  }
}
