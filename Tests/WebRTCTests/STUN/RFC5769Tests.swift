import Base
import Testing

@testable import WebRTC

/// The test vectors of RFC 5769 §2.1 to §2.3.
@Suite struct RFC5769Tests {
  private static let password = Array("VOkJxbRl1RmTxUk/WvJxBt".utf8)
  private static let transaction = TransactionID(high: 0xB7E7_A701, low: 0xBC34_D686_FA87_DFAE)

  private static func vector(_ text: String) throws -> [UInt8] {
    try #require(bytes(hexadecimal: text))
  }

  static let request = """
    00010058 2112a442 b7e7a701 bc34d686 fa87dfae
    80220010 5354554e 20746573 7420636c 69656e74
    00240004 6e0001ff 80290008 932ff9b1 51263b36
    00060009 6576746a 3a683676 59202020
    00080014 9aeaa70c bfd8cb56 781ef2b5 b2d3f249 c1b571a2
    80280004 e57a3bcf
    """
  static let responseV4 = """
    0101003c 2112a442 b7e7a701 bc34d686 fa87dfae
    8022000b 74657374 20766563 746f7220
    00200008 0001a147 e112a643
    00080014 2b91f599 fd9e90c3 8c7489f9 2af9ba53 f06be7d7
    80280004 c07d4c96
    """
  static let responseV6 = """
    01010048 2112a442 b7e7a701 bc34d686 fa87dfae
    8022000b 74657374 20766563 746f7220
    00200014 0002a147 0113a9fa a5d3f179 bc25f4b5 bed2b9d9
    00080014 a382954e 4be67bf1 1784c97c 8292c275 bfe3ed41
    80280004 c8fb0b4c
    """

  @Test func sampleRequest() throws {
    let message = try STUNMessage.parse(try Self.vector(Self.request))
    #expect(message.messageClass == .request)
    #expect(message.method == STUNMessage.bindingMethod)
    #expect(message.transaction == Self.transaction)
    #expect(message.username == Array("evtj:h6vY".utf8))
    #expect(message.priority == 0x6E00_01FF)
    #expect(message.controlledTieBreaker == 0x932F_F9B1_5126_3B36)
    #expect(message.controllingTieBreaker == nil)
    #expect(message.hasFingerprint)
    #expect(message.unknownRequiredAttributes.isEmpty)
    #expect(message.isAuthentic(key: Self.password))
    #expect(!message.isAuthentic(key: Array("wrong".utf8)))
  }

  @Test func sampleIPv4Response() throws {
    let message = try STUNMessage.parse(try Self.vector(Self.responseV4))
    #expect(message.messageClass == .success)
    #expect(message.isAuthentic(key: Self.password))
    let expected = SocketAddress(ip: try #require(IPAddress("192.0.2.1")), port: 32853)
    #expect(message.mappedAddress == expected)
  }

  @Test func sampleIPv6Response() throws {
    let message = try STUNMessage.parse(try Self.vector(Self.responseV6))
    #expect(message.isAuthentic(key: Self.password))
    let ip = try #require(IPAddress("2001:db8:1234:5678:11:2233:4455:6677"))
    #expect(message.mappedAddress == SocketAddress(ip: ip, port: 32853))
  }

  /// What is written for the same contents is the vector, up to its padding of spaces.
  @Test func writesTheAddressOfTheVectors() throws {
    for text in [Self.responseV4, Self.responseV6] {
      let parsed = try STUNMessage.parse(try Self.vector(text))
      var written = STUNMessage(.success, transaction: Self.transaction)
      written.addMappedAddress(try #require(parsed.mappedAddress))
      #expect(
        written.value(STUNAttributeType.xorMappedAddress) == parsed.value(STUNAttributeType.xorMappedAddress))
      let bytes = written.serialized(integrityKey: Self.password)
      let again = try STUNMessage.parse(bytes)
      #expect(again.isAuthentic(key: Self.password))
      #expect(again.mappedAddress == parsed.mappedAddress)
      #expect(again.hasFingerprint)
    }
  }

  @Test func everyFlippedBitIsNoticed() throws {
    let vector = try Self.vector(Self.request)
    for index in vector.indices {
      for bit in 0..<8 {
        var damaged = vector
        damaged[index] ^= 1 << bit
        guard let message = try? STUNMessage.parse(damaged) else { continue }
        let passes = message.hasFingerprint && message.isAuthentic(key: Self.password)
        #expect(!passes, "bit \(bit) of byte \(index)")
      }
    }
  }
}
