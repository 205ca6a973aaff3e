/// Why a remote procedure call has no result: one of the protocol's own codes, or the application's.
///
/// 1001...1999 belong to the protocol; an application uses others.
public struct RPCError: Error, Equatable, Sendable {
  public var code: Int
  /// At most 256 bytes of UTF-8 go over the wire.
  public var message: String
  /// Whatever else the callee says; at most 15 360 bytes go over the wire.
  public var data: String

  public init(code: Int, message: String, data: String = "") {
    self.code = code
    self.message = message
    self.data = data
  }

  // Of the one who answers.
  public static let unsupportedMethod = RPCError(code: 1400, message: "Method not supported at destination")
  public static let unsupportedVersion = RPCError(code: 1404, message: "Unsupported RPC version")
  public static let application = RPCError(code: 1500, message: "Application error in method handler")
  public static let responseTooLarge = RPCError(code: 1504, message: "Response payload too large")
  // Of the one who asks.
  public static let recipientNotFound = RPCError(code: 1401, message: "Recipient not found")
  public static let requestTooLarge = RPCError(code: 1402, message: "Request payload too large")
  public static let unsupportedServer = RPCError(code: 1403, message: "RPC not supported by server")
  public static let connectionTimeout = RPCError(code: 1501, message: "Connection timeout")
  public static let responseTimeout = RPCError(code: 1502, message: "Response timeout")
  public static let recipientDisconnected = RPCError(code: 1503, message: "Recipient disconnected")
  public static let sendFailed = RPCError(code: 1505, message: "Failed to send")
}
