/// Protobuf by hand (encoding: varint 0, length-delimited 2, 32-bit 5), so that a wrong field number in our tables
/// cannot agree with itself.
struct Wire {
  var bytes: [UInt8] = []

  static func varint(_ value: UInt64) -> [UInt8] {
    var rest = value
    var result: [UInt8] = []
    while rest >= 0x80 {
      result.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    return result + [UInt8(rest)]
  }

  func number(_ field: Int, _ value: Int) -> Wire {
    Wire(bytes: bytes + Wire.varint(UInt64(field) << 3) + Wire.varint(UInt64(bitPattern: Int64(value))))
  }
  func flag(_ field: Int, _ value: Bool) -> Wire { number(field, value ? 1 : 0) }
  func data(_ field: Int, _ value: [UInt8]) -> Wire {
    Wire(bytes: bytes + Wire.varint(UInt64(field) << 3 | 2) + Wire.varint(UInt64(value.count)) + value)
  }
  func text(_ field: Int, _ value: String) -> Wire { data(field, Array(value.utf8)) }
  func message(_ field: Int, _ value: Wire) -> Wire { data(field, value.bytes) }
  func float(_ field: Int, _ value: Float) -> Wire {
    let bits = value.bitPattern
    return Wire(
      bytes: bytes + Wire.varint(UInt64(field) << 3 | 5)
        + (0..<4).map { UInt8(truncatingIfNeeded: bits >> ($0 * 8)) })
  }
}

/// The fields of one message, by number.
struct Fields {
  var numbers: [Int: UInt64] = [:]
  var data: [Int: [[UInt8]]] = [:]

  init?(_ bytes: [UInt8]) {
    var index = 0
    func varint() -> UInt64? {
      var value: UInt64 = 0
      var shift: UInt64 = 0
      while index < bytes.count, shift < 64 {
        let byte = bytes[index]
        index += 1
        value |= UInt64(byte & 0x7F) << shift
        if byte & 0x80 == 0 { return value }
        shift += 7
      }
      return nil
    }
    while index < bytes.count {
      guard let tag = varint() else { return nil }
      switch tag & 7 {
      case 0:
        guard let value = varint() else { return nil }
        numbers[Int(tag >> 3)] = value
      case 2:
        guard let count = varint(), index + Int(count) <= bytes.count else { return nil }
        data[Int(tag >> 3), default: []].append(Array(bytes[index..<index + Int(count)]))
        index += Int(count)
      default: return nil
      }
    }
  }

  func text(_ field: Int) -> String { String(decoding: data[field]?.first ?? [], as: UTF8.self) }
  func message(_ field: Int) -> Fields? { data[field]?.first.flatMap { Fields($0) } }
  func number(_ field: Int) -> Int { Int(truncatingIfNeeded: numbers[field] ?? 0) }
  /// A packed list of numbers below 128.
  func packed(_ field: Int) -> [UInt8] { data[field]?.first ?? [] }
  var only: Int? {
    let fields = Set(numbers.keys).union(data.keys)
    return fields.count == 1 ? fields.first : nil
  }
}

/// Messages of the server, with the numbers of protocol.
enum Server {
  static func track(_ sid: String, type: Int = 0, muted: Bool = false, encryption: Int = 0) -> Wire {
    Wire().text(1, sid).number(2, type).text(3, "name").flag(4, muted).number(9, 2).text(11, "audio/opus")
      .number(16, encryption)
  }

  static func participant(
    _ identity: String, _ sid: String, version: Int = 1, state: Int = 2, tracks: [Wire] = [], kind: Int = 0,
    attributes: [String: String] = [:], reason: Int = 0, canPublish: Bool = true, canPublishData: Bool = true,
    name: String = "", metadata: String = ""
  ) -> Wire {
    var wire = Wire().text(1, sid).text(2, identity).number(3, state)
    for track in tracks { wire = wire.message(4, track) }
    wire = wire.text(5, metadata).text(9, name).number(10, version)
      .message(11, Wire().flag(1, true).flag(2, canPublish).flag(3, canPublishData))
      .number(14, kind).number(16, reason)
    for (key, value) in attributes { wire = wire.message(15, Wire().text(1, key).text(2, value)) }
    return wire
  }

  static func join(
    others: [Wire] = [], subscriberPrimary: Bool = true, canPublish: Bool = true, canPublishData: Bool = true,
    sid: String = "PA_me", stun: [String] = [], forcesRelay: Bool = false, version: String = "1.13.5",
    trailer: [UInt8] = []
  ) -> [UInt8] {
    var join = Wire().message(1, Wire().text(1, "RM_1").text(2, "hall"))
      .message(2, participant("door", sid, state: 0, canPublish: canPublish, canPublishData: canPublishData))
    for other in others { join = join.message(3, other) }
    join = join.text(4, version)
    if !stun.isEmpty {
      var server = Wire()
      for url in stun { server = server.text(1, url) }
      join = join.message(5, server.text(2, "name").text(3, "word"))
    }
    if forcesRelay { join = join.message(8, Wire().number(5, 2)) }
    join = join.flag(6, subscriberPrimary).number(10, 15).number(11, 5)
      .message(12, Wire().text(2, version).number(3, 17).text(5, "ND_x")).data(13, trailer)
      .flag(15, true)
    return Wire().message(1, join).bytes
  }

  static func answer(_ id: Int, _ sdp: String = "answer") -> [UInt8] {
    Wire().message(2, Wire().text(1, "answer").text(2, sdp).number(3, id)).bytes
  }
  static func offer(_ id: Int, _ sdp: String = "offer") -> [UInt8] {
    Wire().message(3, Wire().text(1, "offer").text(2, sdp).number(3, id)).bytes
  }
  static func trickle(_ json: String, subscriber: Bool) -> [UInt8] {
    Wire().message(4, Wire().text(1, json).number(2, subscriber ? 1 : 0)).bytes
  }
  static func update(_ participants: [Wire]) -> [UInt8] {
    var update = Wire()
    for participant in participants { update = update.message(1, participant) }
    return Wire().message(5, update).bytes
  }
  static func published(_ cid: String, _ sid: String, muted: Bool = false) -> [UInt8] {
    Wire().message(6, Wire().text(1, cid).message(2, track(sid, muted: muted))).bytes
  }
  static func leave(action: Int, reason: Int, regions: [String] = []) -> [UInt8] {
    var list = Wire()
    for (index, url) in regions.enumerated() {
      list = list.message(1, Wire().text(1, "r\(index)").text(2, url).number(3, index))
    }
    return Wire().message(8, Wire().number(2, reason).number(3, action).message(4, list)).bytes
  }
  static func mute(_ sid: String, _ muted: Bool) -> [UInt8] {
    Wire().message(9, Wire().text(1, sid).flag(2, muted)).bytes
  }
  static func refreshToken(_ token: String) -> [UInt8] { Wire().text(16, token).bytes }
  static func trackUnpublished(_ sid: String) -> [UInt8] { Wire().message(17, Wire().text(1, sid)).bytes }
  static func pong(_ timestamp: Int) -> [UInt8] {
    Wire().message(20, Wire().number(1, timestamp).number(2, timestamp)).bytes
  }
  static func addTrackRefused(_ cid: String, reason: Int, _ words: String) -> [UInt8] {
    Wire().message(22, Wire().number(2, reason).text(3, words).message(5, Wire().text(1, cid))).bytes
  }
  static func sectionsRequired(_ audios: Int, _ videos: Int) -> [UInt8] {
    Wire().message(25, Wire().number(1, audios).number(2, videos)).bytes
  }
  static func permission(_ sid: String, allowed: Bool) -> [UInt8] {
    Wire().message(15, Wire().text(1, "PA_p").text(2, sid).flag(3, allowed)).bytes
  }
  static func subscriptionFailed(_ sid: String, _ error: Int) -> [UInt8] {
    Wire().message(21, Wire().text(1, sid).number(2, error)).bytes
  }
  static func reconnect(last: Int = 0) -> [UInt8] { Wire().message(19, Wire().number(4, last)).bytes }
  static func room(_ sid: String = "RM_1", _ name: String = "hall") -> [UInt8] {
    Wire().message(11, Wire().message(1, Wire().text(1, sid).text(2, name))).bytes
  }
  static func trackSubscribed(_ sid: String) -> [UInt8] { Wire().message(23, Wire().text(1, sid)).bytes }
}
