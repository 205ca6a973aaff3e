import Base
import CLinux
import Configuration

extension Settings {
  /// The settings that a start would take, or what it would refuse: the one answer to that for the start itself,
  /// `--check-config`, `provision` and `config check`.
  ///
  /// - Parameters:
  ///   - path: of `lintel.conf`.
  ///   - credentials: which secrets the service has beside the configuration.
  ///   - candidate: a drop-in that is not written yet.
  public static func forStart(
    at path: String, _ credentials: Credentials, candidate: ConfigurationFiles.File? = nil
  ) throws(ConfigurationUnusable) -> Settings {
    let files: ConfigurationFiles
    do throws(FileFailure) {
      files = try ConfigurationFiles(at: path, candidate: candidate)
    } catch {
      throw .unreadable(error)
    }
    var settings: Settings
    do throws(ConfigurationFailure) {
      settings = try parse(files: files.files, defaults: credentials.defaults, profiles: files.profiles)
    } catch {
      throw .wrong(error)
    }
    try settings.checkHost()
    credentials.resolve(&settings)
    try settings.readCode(credentials)
    try settings.readProxyPassword(credentials)
    try settings.readTURNPassword(credentials)
    try settings.readEncryptionKeys(credentials)
    return settings
  }

  /// What the settings name on this machine.
  private func checkHost() throws(ConfigurationUnusable) {
    for (key, name) in [("group", control.group), ("admin-group", control.adminGroup)] {
      guard let name, groupIdentifier(named: name) == nil else { continue }
      throw .refused("[control] \(key): there is no group '\(name)' on this system")
    }
    if let fault = Files.socketFault(control.socket) { throw .refused("[control] socket: \(fault)") }
    if let path = server.caFile { try checkCertificates(path) }
    guard device.board == .simulated else { return }
    for (key, path) in [
      ("soundcard", simulated.soundcard ?? SimulatedSettings.installedSoundcard),
      ("microphone", simulated.microphone),
    ] {
      // Asked, not opened: a pipe would wait for whoever writes into it.
      guard let path, access(path, R_OK) != 0 else { continue }
      throw .refused("[simulated] \(key): \(path) cannot be read: \(FileFailure(path).words)")
    }
  }

  private func checkCertificates(_ path: String) throws(ConfigurationUnusable) {
    let bytes: [UInt8]
    do throws(FileFailure) {
      bytes = try Files.read(path, bytesMax: Self.certificateBytesMax).bytes
    } catch {
      throw .refused("[server] ca-file: \(path) cannot be read: \(error.words)")
    }
    let isTooLong = bytes.count > Self.certificateBytesMax
    let fault = isTooLong ? "is longer than \(Self.certificateBytesMax) bytes" : certificateFault(bytes)
    if let fault { throw .refused("[server] ca-file: \(path) \(fault)") }
  }

  /// Twice the bundle of all authorities that browsers trust.
  private static let certificateBytesMax = 512 * 1024

  /// With the code of the door, if it stands in a file of its own.
  private mutating func readCode(_ credentials: Credentials) throws(ConfigurationUnusable) {
    guard door.output != nil, let path = door.codeFile else { return }
    switch Secrets.read(path, in: credentials) {
    case .success(let code):
      guard isDoorCode(code) else { throw .refused("\(path) does not hold a code: \(doorCodeLegal)") }
      door.code = code
    case .failure(let failure): throw .refused(failure.words)
    }
  }

  private mutating func readTURNPassword(_ credentials: Credentials) throws(ConfigurationUnusable) {
    guard network.turn != nil, let path = network.turnPasswordFile else { return }
    switch Secrets.read(path, in: credentials) {
    case .success(let password): network.turnPassword = password
    case .failure(let failure): throw .refused(failure.words)
    }
  }

  /// What sound and words are encrypted with. Where they may go without, a missing key is no reason to be no door.
  private mutating func readEncryptionKeys(_ credentials: Credentials) throws(ConfigurationUnusable) {
    guard encryption.mode != .off else { return }
    if let path = encryption.keysFile {
      switch Secrets.readFile(path, in: credentials) {
      case .success(let file):
        do throws(EndToEndSecret.Fault) {
          encryption.secrets = try EndToEndSecret.parse(file)
        } catch {
          throw .refused("[e2ee] keys-file: in \(path), \(error.words)")
        }
      case .failure(let failure): throw .refused(failure.words)
      }
    }
    let index = encryption.keyIndex
    if let path = encryption.passphraseFile,
      !encryption.secrets.contains(where: { $0.owner == nil && $0.index == index })
    {
      switch Secrets.read(path, in: credentials) {
      case .success(let passphrase):
        encryption.secrets.append(.init(owner: nil, index: index, passphrase: Array(passphrase.utf8)))
      case .failure(let failure): throw .refused(failure.words)
      }
    }
    guard encryption.mode != .required || !encryption.secrets.isEmpty else {
      throw .refused(
        "[e2ee] mode: required needs a key, from passphrase-file, keys-file or the credential e2ee-passphrase"
      )
    }
  }

  private mutating func readProxyPassword(_ credentials: Credentials) throws(ConfigurationUnusable) {
    guard let proxy = network.proxy, let path = network.proxyPasswordFile else { return }
    guard let address = try? ProxyAddress(proxy), !address.user.utf8.isEmpty else { return }
    switch Secrets.read(path, in: credentials) {
    case .success(let password): network.proxyPassword = password
    case .failure(let failure): throw .refused(failure.words)
    }
  }
}
