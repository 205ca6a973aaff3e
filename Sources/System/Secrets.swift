import Base
import CLinux
import Configuration

public enum Secrets {
  /// A token with every grant and 8 kB of metadata is below.
  public static let bytesMax = 16 * 1024

  /// The secret in a file, refused if others could read it too. It may have blanks in the middle, as a key that signs
  /// may; whoever wants a token, a bearer or a code finds them.
  public static func read(_ path: String, in credentials: Credentials) -> Result<String, TokenFileFailure> {
    if let text = credentials.pending(path) { return .success(text) }
    return readFile(path, in: credentials).flatMap { parse($0, path, allowsBlanks: true) }
  }

  /// A file with secrets, to the byte, guarded like one.
  public static func readFile(
    _ path: String, in credentials: Credentials
  ) -> Result<[UInt8], TokenFileFailure> {
    if let text = credentials.pending(path) { return .success(Array(text.utf8)) }
    do throws(FileFailure) {
      let (bytes, mode) = try Files.read(path, bytesMax: bytesMax)
      // The service manager guards its credentials by an access control list, which shows as rights of the group
      // (acl(5)).
      let others: UInt32 = credentials.areHandedOver(path) ? 0o007 : 0o077
      guard mode & others == 0 else {
        return .failure(.tooOpen(path: path, mode: String(mode & 0o777, radix: 8)))
      }
      guard bytes.count <= bytesMax else { return .failure(.tooLong(path: path, bytesMax: bytesMax)) }
      return .success(bytes)
    } catch {
      return .failure(.unreadable(path: path, error.words))
    }
  }

  /// The same for a file, or standard input (`-`), that somebody names on the command line: it is theirs to guard.
  public static func readGiven(
    _ path: String, allowsBlanks: Bool = false
  ) -> Result<String, TokenFileFailure> {
    do throws(FileFailure) {
      let bytes = try Files.read(path, bytesMax: bytesMax).bytes
      return parse(bytes, path == "-" ? "standard input" : path, allowsBlanks: allowsBlanks)
    } catch {
      return .failure(.unreadable(path: path, error.words))
    }
  }

  private static func parse(
    _ bytes: [UInt8], _ path: String, allowsBlanks: Bool
  ) -> Result<String, TokenFileFailure> {
    guard bytes.count <= bytesMax else { return .failure(.tooLong(path: path, bytesMax: bytesMax)) }
    do throws(PastedFault) {
      return .success(try pastedSecret(bytes, allowsBlanks: allowsBlanks))
    } catch {
      return .failure(error == .empty ? .empty(path: path) : .notOne(path: path, error))
    }
  }
}
