import Base
import Testing

@testable import LiveKit

/// A JoinResponse of livekit-server 1.13.5 with one publishing participant, complete with everything that this
/// client does not use.
@Suite struct CapturedJoinTests {
  static let hexadecimalText = """
    0acc050ae3010a0f524d5f37524270426e4b726562506d120976322d62346433646218ac022898a780d806322c374679386c
    384c5a4d6d4b6d7073374d6655666c326a6e6a4e664e4d4e7870716f614936414a515642694c423a0c0a0a617564696f2f50
    434d553a0c0a0a617564696f2f50434d413a0c0a0a617564696f2f6f7075733a0b0a09617564696f2f7265643a0b0a097669
    64656f2f5650383a0c0a0a766964656f2f483236343a0b0a09766964656f2f5650393a0b0a09766964656f2f4156313a0c0a
    0a766964656f2f483236353a0b0a09766964656f2f727478701478e796b2c29f3412350a0f50415f327138635852614a6642
    53661204737562313099a780d8064a04535542315a0808011001180150018801aa9bb2c29f341abf010a0f50415f50377178
    68366f634a48757412046f6666411802227a0a1154525f414d7a4c52414a33725132426f581a05746f6e654148025a096175
    64696f2f7265646201376a360a09617564696f2f7265641201371a2433303664643230382d616432362d343937342d616564
    642d32303038306664626530613528018a010663616d65726192010908e3cb87d89e969803a001013098a780d8064a044f46
    464150045a08080110011801500168018801e796b2c29f34a00102aa010201022206312e31332e352a150a137374756e3a31
    32372e302e302e313a333437383001500f5805621d1206312e31332e3518112a0f4e445f6145546e464464426d6e414b3801
    6a2b477369745873453158566570436434336e42724c67634c7a4c374b6f356d4f7178665263377a4d6f484778720b0a0976
    6964656f2f565038720c0a0a766964656f2f48323634720b0a09766964656f2f565039720b0a09766964656f2f415631720c
    0a0a766964656f2f48323635720c0a0a617564696f2f50434d55720c0a0a617564696f2f50434d41720c0a0a617564696f2f
    6f707573720b0a09617564696f2f7265647801
    """

  @Test func itIsUnderstood() throws {
    let message = try #require(bytes(hexadecimal: Self.hexadecimalText))
    var dropped = 0
    var refused = 0
    guard
      case .join(let join) = SignalDecoder.decode(
        message, limits: LiveKit.Limits(), dropped: &dropped, refused: &refused)
    else {
      Issue.record("no join")
      return
    }
    #expect(dropped == 0 && refused == 0)
    #expect(join.room.sid == "RM_7RBpBnKrebPm")
    #expect(join.room.name == "v2-b4d3db")
    #expect(join.room.serverVersion == "1.13.5")
    #expect(join.room.serverNode == "ND_aETnFDdBmnAK")
    #expect(join.participant.sid == "PA_2q8cXRaJfBSf")
    #expect(join.participant.name == "SUB1")
    #expect(join.participant.state == .joining)
    #expect(join.participant.permission.canSubscribe && join.participant.permission.canUpdateMetadata)
    let other = try #require(join.others.first)
    #expect(join.others.count == 1)
    #expect(other.identity == "offA")
    #expect(other.version == 4)
    #expect(other.state == .active)
    #expect(other.tracks.map(\.sid) == ["TR_AMzLRAJ3rQ2BoX"])
    #expect(other.tracks.first?.source == .microphone)
    #expect(other.tracks.first?.mimeType == "audio/red")
    #expect(join.iceServers == [ICEServer(urls: ["stun:127.0.0.1:3478"])])
    #expect(join.subscriberPrimary && join.fastPublish)
    #expect(join.pingTimeoutSeconds == 15)
    #expect(join.pingIntervalSeconds == 5)
  }
}
