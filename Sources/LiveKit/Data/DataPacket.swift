import Base

/// One message of a data channel (DataPacket of livekit_models.proto).
struct DataPacket: Equatable {
  /// The sender, as the server says; empty for the server itself and for hidden participants.
  var identity: Name = ""
  var sid: Name = ""
  /// Empty: everybody. Only written; the server keeps it to itself.
  var destinations: [Name] = []
  /// 1, 2, ... on the reliable channel, each sender for itself and with gaps; 0 where there is none.
  var sequence: UInt32 = 0
  var value: Value

  enum Value: Equatable {
    case user(UserPacket)
    case dtmf(code: UInt32, digit: String)
    case transcription(Transcription)
    case chat(Chat)
    case rpcRequest(RPCRequest)
    case rpcAck(requestID: Name)
    /// A payload, or what went wrong.
    case rpcResponse(requestID: Name, Result<String, RPCError>)
    case streamHeader(StreamHeader)
    case streamChunk(StreamChunk)
    case streamTrailer(StreamTrailer)
    /// One of the others, encrypted from end to end.
    case encrypted(Encrypted)
    /// Well-formed, but nothing that this client knows.
    case unknown
  }

  struct UserPacket: Equatable {
    var payload: [UInt8]
    var topic: Name = ""
    /// The same packet sent twice has the same; empty where there is none.
    var nonce: [UInt8] = []
  }

  struct RPCRequest: Equatable {
    var id: Name
    var method: Name
    var payload: String
    var responseTimeoutMilliseconds: UInt32
    var version: UInt32 = 1
  }

  struct Transcription: Equatable {
    var identity: Name = ""
    var trackSID: Name = ""
    var segments: [Segment] = []

    struct Segment: Equatable {
      var id: Name = ""
      var text = ""
      var isFinal = false
      var language = ""
    }
  }

  struct Chat: Equatable {
    var id: Name = ""
    var timestampMilliseconds: Int64 = 0
    var editTimestampMilliseconds: Int64?
    var message = ""
    var isDeleted = false
    var isGenerated = false
  }

  struct StreamHeader: Equatable {
    enum Content: Equatable {
      case text(Text)
      case bytes(name: String)
    }

    struct Text: Equatable {
      /// 0 create, 1 update, 2 delete, 3 reaction.
      var operation: UInt32 = 0
      var version: Int32 = 0
      var replyTo: Name = ""
      var attachedStreamIDs: [Name] = []
      var isGenerated = false
    }

    var streamID: Name = ""
    var timestampMilliseconds: Int64 = 0
    var topic: Name = ""
    var mimeType = ""
    /// Bytes of the whole uncompressed content; nil while the sender does not know.
    var totalBytes: UInt64?
    var attributes: [StreamAttribute] = []
    /// nil: the sender does not say, and the stream is none that we can read.
    var content: Content?
    /// The whole content where the stream is this one packet.
    var inlineContent: [UInt8]?
    var isCompressed = false
  }

  struct StreamChunk: Equatable {
    var streamID: Name = ""
    var index: UInt64 = 0
    var content: [UInt8] = []
    var version: Int32 = 0
  }

  struct Encrypted: Equatable {
    /// AES-GCM, the one kind that there is.
    var isKnown = true
    var iv: [UInt8]
    var keyIndex: Int
    /// With the tag at its end.
    var value: [UInt8]
  }

  struct StreamTrailer: Equatable {
    var streamID: Name = ""
    /// Empty: the stream is complete.
    var reason = ""
    var attributes: [StreamAttribute] = []
  }
}

/// What is sent is what can be received.
typealias OutgoingPacket = DataPacket.Value

struct StreamAttribute: Equatable {
  var key: String
  var value: String
}
