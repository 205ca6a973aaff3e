import Base
import CLinux

/// The value of an environment variable, nil if it is not set or empty.
public func environment(_ name: String) -> String? {
  guard let value = getenv(name), value.pointee != 0 else { return nil }
  return String(cString: value)
}

/// The decimal number in an environment variable; nil for anything else.
public func environmentNumber(_ name: String) -> Int64? {
  environment(name).flatMap { decimal($0.utf8, max: UInt64(Int64.max)) }.map { Int64($0) }
}

/// The number of a group, nil if there is none of that name.
public func groupIdentifier(named name: String) -> UInt32? {
  guard let entry = getgrnam(name) else { return nil }
  return entry.pointee.gr_gid
}

/// The words of the command line, without the program's name. Embedded Swift has no `CommandLine`, so both builds ask
/// the kernel (proc_pid_cmdline(5)); nil if /proc is missing.
public func programArguments() -> [String]? {
  guard let bytes = try? Files.read("/proc/self/cmdline", bytesMax: 1 << 20).bytes else { return nil }
  // Each word ends with a zero byte, so the last part of the split is no word.
  return bytes.split(separator: 0, omittingEmptySubsequences: false).dropFirst().dropLast().map {
    String(decoding: $0, as: UTF8.self)
  }
}

/// `path` as it is from anywhere; relative ones start at the folder in which the program was started.
public func absolutePath(_ path: String) -> String {
  guard path.utf8.first != UInt8(ascii: "/"), let folder = getcwd(nil, 0) else { return path }
  defer { free(folder) }
  return String(cString: folder) + "/" + path
}

/// `path` up to its last slash, which is left out; the folder that the program was started in, if there is none.
public func parentFolder(of path: String) -> String {
  let bytes = Array(path.utf8)
  guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return "." }
  return slash == 0 ? "/" : String(decoding: bytes[..<slash], as: UTF8.self)
}
