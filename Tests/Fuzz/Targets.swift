import Base

/// Every fuzz target by the name that `board/fuzz NAME` takes. Each file of this folder adds its own here.
nonisolated(unsafe) let targets: [(name: String, run: ([UInt8]) -> Void)] = [
  (
    "ip-address",
    { bytes in
      _ = IPAddress(String(decoding: bytes, as: UTF8.self))
      _ = SocketAddress(String(decoding: bytes, as: UTF8.self))
    }
  ),
  ("configuration", fuzzConfiguration), ("keypad", fuzzKeypad),
  ("control-request", fuzzControlRequest), ("rpc-json", fuzzRPC),
  ("control-line-buffer", fuzzControlLineBuffer),
  ("control-conversation", fuzzControlConversation), ("control-scrubber", fuzzControlScrubber),
  ("websocket-frames", fuzzWebSocketFrames),
  ("http-response", fuzzHTTPResponse), ("http-chunks", fuzzHTTPChunks),
  ("proxy-answer", fuzzProxyAnswer), ("proxy-settings", fuzzProxySettings),
  ("web-address", fuzzWebAddress), ("http-server-request", fuzzHTTPServerRequest),
  ("signal-response", fuzzSignalResponse), ("one-connection", fuzzOneConnection),
  ("token", fuzzToken), ("token-life", fuzzTokenLife), ("names", fuzzNames),
  ("token-endpoint-json", fuzzTokenEndpoint),
  ("candidate-init", fuzzCandidateInit),
  ("api-answer", fuzzAPIAnswer), ("webhook-livekit", fuzzLiveKitWebhook),
  ("webhook-twilio-form", fuzzTwilioForm), ("webhook-meta", fuzzMetaWebhook),
  ("phone-number", fuzzPhoneNumber),
  ("cloud-regions", fuzzCloudRegions), ("server-url", fuzzServerURL), ("data-stream", fuzzDataStream),
  ("data-packet", fuzzDataPacket), ("encrypted", fuzzEncrypted), ("key-file", fuzzKeyFile),
  ("rtp", fuzzRTP), ("rtcp", fuzzRTCP), ("srtp-unprotect", fuzzSRTP), ("dtls-datagram", fuzzDTLS),
  ("dtls-demultiplexing", fuzzDemultiplexing),
  ("sdp", fuzzDescription), ("candidate", fuzzCandidate), ("stun", fuzzSTUN), ("ice-agent", fuzzAgent),
  ("netlink", fuzzNetlink), ("turn", fuzzTURN), ("turn-stream", fuzzTURNStream),
  ("stream-frames", fuzzStreamFrames),
  ("dcep", fuzzDCEP), ("sctp-packet", fuzzSCTPPacket),
  ("jitter-buffer", fuzzJitterBuffer), ("opus-decode", fuzzOpusDecode),
]
