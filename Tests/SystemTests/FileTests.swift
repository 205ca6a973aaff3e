import CLinux
import Foundation
import Testing

@testable import System

@Suite struct FileTests {
  private let folder = Folder()

  @Test func wholeUpToOneMoreThanTheBound() throws {
    let path = try folder.write("0123456789", "f", mode: 0o640)
    let (bytes, mode) = try Files.read(path, bytesMax: 10)
    #expect(bytes == Array("0123456789".utf8) && mode & 0o777 == 0o640)
    #expect(try Files.read(path, bytesMax: 4).bytes.count == 5)
    #expect(try Files.read(folder.write([], "empty"), bytesMax: 4).bytes.isEmpty)
    let long = try folder.write([UInt8](repeating: 7, count: 100_000), "long")
    #expect(try Files.read(long, bytesMax: 1 << 20).bytes.count == 100_000)
  }

  @Test func aFailureHasPathAndWords() {
    #expect(throws: FileFailure.self) { try Files.read("/nowhere/x", bytesMax: 1) }
    do throws(FileFailure) { _ = try Files.read("/nowhere/x", bytesMax: 1) } catch {
      #expect(error.description == "/nowhere/x: No such file or directory" && error.isAbsence)
    }
  }

  @Test func aFileInPieces() throws {
    let file = try OpenFile(folder.write("abcdef", "f"))
    #expect(file.bytes == 6)
    #expect(try file.read(bytesMax: 4) == Array("abcd".utf8))
    #expect(try file.read(bytesMax: 4) == Array("ef".utf8))
    #expect(try file.read(bytesMax: 4).isEmpty)
  }

  @Test func namesAreSortedByByteAndHiddenOnesLeftOut() throws {
    for name in ["b.conf", "a.conf", "B.conf", ".hidden.conf", "a.conf~", "conf", ".conf"] {
      try folder.write("", name)
    }
    #expect(Files.names(in: folder.path, ending: ".conf") == ["B.conf", "a.conf", "b.conf"])
    #expect(Files.names(in: "/nowhere", ending: ".conf").isEmpty)
  }

  @Test func theOldOneOrTheNewOne() throws {
    let path = try folder.write("old", "f", mode: 0o644)
    // What a power cut left.
    try folder.write("half", "f.new")
    try NewFile.write([NewFile(path: path, bytes: Array("new".utf8))])
    let (bytes, mode) = try Files.read(path, bytesMax: 9)
    #expect(bytes == Array("new".utf8) && mode & 0o777 == 0o600)
    #expect(folder.names == ["f"])
  }

  @Test func severalAreWrittenAllOrNone() throws {
    let first = try folder.write("old", "f")
    let files = [
      NewFile(path: first, bytes: [1]), NewFile(path: folder.path + "/missing/g", bytes: [2]),
    ]
    #expect(throws: FileFailure.self) { try NewFile.write(files) }
    #expect(folder.names == ["f"])
    #expect(try Files.read(first, bytesMax: 9).bytes == Array("old".utf8))
  }

  @Test func aLinkBesideItIsNotFollowed() throws {
    let path = folder.path + "/f"
    let victim = try folder.write("precious", "victim")
    #expect(symlink(victim, path + ".new") == 0)
    try NewFile.write([NewFile(path: path, bytes: [1])])
    #expect(try Files.read(path, bytesMax: 9).bytes == [1])
    #expect(try Files.read(victim, bytesMax: 9).bytes == Array("precious".utf8))
  }

  @Test func foldersOfPaths() {
    #expect(
      [parentFolder(of: "/a/b/c"), parentFolder(of: "/a"), parentFolder(of: "a"), parentFolder(of: "a/b")]
        == ["/a/b", "/", ".", "a"])
    #expect(
      absolutePath("/x") == "/x" && absolutePath("x").hasSuffix("/x") && absolutePath("x").hasPrefix("/"))
  }

  @Test func environmentIsNilWhereItIsEmpty() {
    setenv("LINTEL_TEST_EMPTY", "", 1)
    setenv("LINTEL_TEST_NUMBER", "30000000", 1)
    setenv("LINTEL_TEST_WORD", "3s", 1)
    #expect(environment("LINTEL_TEST_EMPTY") == nil && environment("LINTEL_TEST_NOT_THERE") == nil)
    #expect(environmentNumber("LINTEL_TEST_NUMBER") == 30_000_000)
    #expect(environmentNumber("LINTEL_TEST_WORD") == nil)
  }

  @Test func groupsAreFoundByName() {
    #expect(groupIdentifier(named: "root") == 0)
    #expect(groupIdentifier(named: "no-such-group-here") == nil)
  }

  @Test func theWallClockAgrees() {
    #expect(abs(WallClock.unixMilliseconds - Int64(Date().timeIntervalSince1970 * 1000)) < 2000)
  }
}
