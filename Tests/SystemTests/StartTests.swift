import CLinux
import Configuration
import Foundation
import Testing

@testable import System

@Suite struct StartTests {
  private let folder = Folder()
  private let door = "[door]\noutput = lock\n"

  @Test func profileThenFileThenDropInsByName() throws {
    try folder.write("[audio]\nvolume = 10\ngain-db = 3\n", "profiles/pi.conf")
    let main = try folder.write("[device]\nprofile = pi\n[audio]\nvolume = 20\n", "lintel.conf")
    try folder.write("[audio]\nvolume = 40\n", "lintel.conf.d/20-b.conf")
    try folder.write("[audio]\nvolume = 30\n", "lintel.conf.d/10-a.conf")
    setenv(Profiles.variable, folder.path + "/profiles", 1)
    defer { unsetenv(Profiles.variable) }
    #expect(try ConfigurationFiles(at: main).files.map { parentFolder(of: $0.name) }.count == 4)
    let settings = try Settings.forStart(at: main, .sources(in: folder.path))
    #expect(settings.audio.volumePercent == 40 && settings.audio.gainDecibels == 3)
    let other = try Settings.forStart(
      at: main, .sources(in: folder.path), candidate: ("20-b.conf", "[audio]\nvolume = 50\n"))
    #expect(other.audio.volumePercent == 50)
    let between = try Settings.forStart(
      at: main, .sources(in: folder.path), candidate: ("15.conf", "[audio]\nvolume = 60\n"))
    #expect(between.audio.volumePercent == 40)
  }

  @Test func aFileThatCannotBeReadIsNamed() {
    #expect(refusal(folder) == ["the configuration F/lintel.conf cannot be read: No such file or directory"])
  }

  @Test(
    arguments: [
      ("1234", []), (" 1234 \r\n", []), ("\u{FEFF}1234", []),
      ("123", ["F/door-code does not hold a code: 4 to 16 digits"]),
      ("12ab", ["F/door-code does not hold a code: 4 to 16 digits"]),
      (
        "1234\n5678\n",
        ["F/door-code, where one secret should be, goes on in line 2, but a secret is one line"]
      ),
    ] as [(String, [String])])
  func theCodeOfTheDoor(code: String, words: [String]) throws {
    try folder.write(door, "lintel.conf")
    try folder.write(code, "door-code")
    #expect(refusal(folder) == words)
    // What provision is about to write, over what is there.
    #expect(refusal(folder, pending: [("door-code", "12")]).count == 1)
    #expect(refusal(folder, pending: [("door-code", "4711")]) == [])
  }

  @Test func aCodeThatOthersCanRead() throws {
    try folder.write(door, "lintel.conf")
    try folder.write("1234", "door-code", mode: 0o644)
    #expect(
      refusal(folder) == [
        "F/door-code has mode 644, so others could read the secret: chmod 600 F/door-code"
      ])
  }

  @Test func groupsAndSocketsOfThisMachine() throws {
    try folder.write("[control]\nadmin-group = nobody-has-it\n", "lintel.conf")
    #expect(refusal(folder) == ["[control] admin-group: there is no group 'nobody-has-it' on this system"])
    try folder.write("x", "file")
    try folder.write("[control]\nsocket = file\n", "lintel.conf")
    #expect(refusal(folder) == ["[control] socket: F/file exists and is not a socket; it is not touched"])
    try folder.write("[control]\nsocket = nowhere/s\n", "lintel.conf")
    #expect(refusal(folder) == ["[control] socket: the folder F/nowhere is missing"])
    try folder.write("[control]\nsocket = /run/not-made-yet/s\n", "lintel.conf")
    #expect(refusal(folder) == [])
  }

  static let certificate = """
    -----BEGIN CERTIFICATE-----
    MAMCAQc=
    -----END CERTIFICATE-----
    """

  @Test(
    arguments: [
      (certificate, nil), ("\u{FEFF}subject=x\n" + certificate + "\r\n" + certificate + "\n", nil),
      ("", "holds no certificate in PEM (-----BEGIN CERTIFICATE-----)"),
      ("MAMCAQc=", "holds no certificate in PEM (-----BEGIN CERTIFICATE-----)"),
      (String(certificate.dropLast(30)), "holds a certificate that does not end, number 1"),
      (
        certificate + "\n" + certificate.replacingOccurrences(of: "AQc", with: "A"),
        "holds a certificate that is damaged, number 2"
      ),
      ("0\u{3}", "is in DER, but PEM is wanted: openssl x509 -inform der -in FILE -out FILE.pem"),
    ] as [(String, String?)])
  func theFileOfAuthorities(text: String, words: String?) throws {
    try folder.write(text, "ca.pem")
    try folder.write("[server]\nca-file = ca.pem\n", "lintel.conf")
    #expect(refusal(folder) == (words.map { ["[server] ca-file: F/ca.pem \($0)"] } ?? []))
  }

  @Test func theFilesOfASimulatedBoard() throws {
    let simulated = "[device]\nboard = simulated\n[simulated]\nsoundcard = card.so\nmicrophone = m.wav\n"
    try folder.write("ELF", "card.so")
    try folder.write(simulated, "lintel.conf")
    #expect(
      refusal(folder) == ["[simulated] microphone: F/m.wav cannot be read: No such file or directory"])
    try folder.write("RIFF", "m.wav")
    #expect(refusal(folder) == [])
    try folder.write(simulated.replacingOccurrences(of: "card.so", with: "none.so"), "lintel.conf")
    #expect(
      refusal(folder) == ["[simulated] soundcard: F/none.so cannot be read: No such file or directory"])
    // Nor does one start whose card nobody named and nobody installed.
    try folder.write("[device]\nboard = simulated\n", "lintel.conf")
    let installed = SimulatedSettings.installedSoundcard
    let isThere = FileManager.default.fileExists(atPath: installed)
    #expect(
      refusal(folder)
        == (isThere ? [] : ["[simulated] soundcard: \(installed) cannot be read: No such file or directory"]))
    try folder.write("[simulated]\nmicrophone = none.wav\n", "lintel.conf")
    #expect(refusal(folder) == [], "on another board nobody opens it")
  }

  @Test func aFileOfAuthoritiesThatIsNotThere() throws {
    try folder.write("[server]\nca-file = ca.pem\n", "lintel.conf")
    #expect(refusal(folder) == ["[server] ca-file: F/ca.pem cannot be read: No such file or directory"])
  }

  @Test(
    arguments: [
      ("off", nil, nil, []), ("wanted", nil, nil, []), ("wanted", "a b", nil, []),
      (
        "required", nil, nil,
        [
          "[e2ee] mode: required needs a key, from passphrase-file, keys-file or the credential e2ee-passphrase"
        ]
      ),
      ("required", "a b\n", nil, []), ("required", nil, "door = a\n* #3 = b\n", []),
      (
        "required", "a\nb", nil,
        [
          "F/e2ee-passphrase, where one secret should be, goes on in line 2, but a secret is one line"
        ]
      ),
      (
        "wanted", nil, "door = a\nSECRET\n",
        [
          "[e2ee] keys-file: in F/e2ee-keys, line 2 is not IDENTITY = PASSPHRASE, nor IDENTITY #INDEX = PASSPHRASE"
        ]
      ),
      // Nobody asks for them.
      ("off", "a\nb", "SECRET", []),
    ] as [(String, String?, String?, [String])])
  func whatIsEncryptedWith(mode: String, passphrase: String?, keys: String?, words: [String]) throws {
    try folder.write("[e2ee]\nmode = \(mode)\n", "lintel.conf")
    if let passphrase { try folder.write(passphrase, "e2ee-passphrase") }
    if let keys { try folder.write(keys, "e2ee-keys") }
    #expect(refusal(folder) == words)
  }

  @Test func thePassphraseIsEverybodysWhereNoLineSaysOtherwise() throws {
    let main = try folder.write(
      "[e2ee]\nmode = required\nkey-index = 3\npassphrase-file = p\n", "lintel.conf")
    try folder.write("of the file", "p")
    try folder.write("door = its own\n", "e2ee-keys")
    var secrets = try Settings.forStart(at: main, .sources(in: folder.path)).encryption.secrets
    #expect(secrets.map { String(decoding: $0.passphrase, as: UTF8.self) } == ["its own", "of the file"])
    #expect(secrets.map(\.index) == [0, 3])
    try folder.write("* #3 = of the list\n", "e2ee-keys")
    secrets = try Settings.forStart(at: main, .sources(in: folder.path)).encryption.secrets
    #expect(secrets.map { String(decoding: $0.passphrase, as: UTF8.self) } == ["of the list"])
    try folder.write("x", "p", mode: 0o644)
    try folder.write("\n", "e2ee-keys")
    #expect(
      refusal(folder) == ["F/p has mode 644, so others could read the secret: chmod 600 F/p"])
  }

  @Test func aDeviceWithoutADoorAsksForNoCode() throws {
    try folder.write("", "lintel.conf")
    try folder.write("12", "door-code")
    #expect(refusal(folder) == [])
  }

  @Test func theSourceOfACredentialMeansTheCredential() throws {
    let handed = Folder()
    try handed.write("a.b.c", "token", mode: 0o440)
    try handed.write("\n", "api-secret")
    setenv("CREDENTIALS_DIRECTORY", handed.path, 1)
    defer { unsetenv("CREDENTIALS_DIRECTORY") }
    let text =
      "[token]\nfile = /etc/lintel/token\napi-secret-file = /etc/lintel/api-secret\nbearer-file = /b\n"
    let main = try folder.write(text, "lintel.conf")
    let token = try Settings.forStart(at: main, .handedOver).token
    #expect(token.file == handed.path + "/token")
    #expect(Secrets.read(handed.path + "/token", in: .handedOver) == .success("a.b.c"))
    #expect(token.apiSecretFile == "/etc/lintel/api-secret" && token.bearerFile == "/b")
    try folder.write("", "lintel.conf")
    #expect(try Settings.forStart(at: main, .handedOver).token.file == handed.path + "/token")
  }
}

@Suite struct SecretTests {
  private let folder = Folder()

  private func read(_ bytes: [UInt8], mode: mode_t = 0o600) throws -> Result<String, TokenFileFailure> {
    Secrets.read(try folder.write(bytes, "s", mode: mode), in: .sources(in: "/nowhere"))
  }

  @Test func whatIsNoSecretIsSaid() throws {
    let path = folder.path + "/s"
    #expect(try read(Array(" \r\n".utf8)) == .failure(.empty(path: path)))
    #expect(try read([], mode: 0o640) == .failure(.tooOpen(path: path, mode: "640")))
    #expect(
      try read([UInt8](repeating: 0x61, count: 20_000)) == .failure(.tooLong(path: path, bytesMax: 16_384)))
    #expect(try read([0xFF, 0xFE, 0x61, 0]) == .failure(.notOne(path: path, .notText)))
    #expect(
      Secrets.read("/nowhere/s", in: .sources(in: "/nowhere"))
        == .failure(.unreadable(path: "/nowhere/s", "No such file or directory")))
  }

  @Test func onTheCommandLineItIsTheirs() throws {
    let path = try folder.write("\u{FEFF}Bearer abc\r\n", "s", mode: 0o644)
    #expect(Secrets.readGiven(path) == .success("abc"))
  }
}
