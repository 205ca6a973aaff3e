import Base

extension Settings {
  /// A documented `lintel.conf`: every key with its sense, its legal values and its default, all commented out. It
  /// parses, to the defaults.
  public static var exampleText: String {
    let defaults = Settings()
    var text = """
      # The configuration of lintel. The lines that begin with # are comments; what they show is the default.
      # Files in the folder lintel.conf.d beside this one (*.conf, in the order of their names) are read after it
      # and win, key by key. `linteld --check-config` says whether all is well.

      """
    for section in Keys.sections {
      text += "\n# \(section.summary)\n[\(section.name)]\n"
      if section.name == Keys.directorySection {
        text +=
          "\n# NAME = WHO. Legal: \(Directory.legal).\n# anna = sip:+15550100\n# bert = whatsapp:15550101\n"
        text += "# desk = device:front-desk\n# concierge = agent:concierge\n# 101 = anna + bert\n"
      }
      for key in Keys.of(section: section.name) {
        text += "\n# \(key.summary).\n# Legal: \(key.legal).\n"
        let value = key.value(in: defaults)
        // Empty would be a value.
        let mark = key.isAbsent(in: defaults) ? "# " : "#"
        text += value.utf8.isEmpty ? "\(mark)\(key.name) =\n" : "#\(key.name) = \(value)\n"
      }
    }
    return text
  }

  /// These settings as a `lintel.conf` that parses to them again.
  public var text: String {
    var text = ""
    for section in Keys.sections {
      text += (text.utf8.isEmpty ? "" : "\n") + "[\(section.name)]\n"
      if section.name == Keys.directorySection { text += directory.text }
      for key in Keys.of(section: section.name) where !key.isAbsent(in: self) {
        let value = key.value(in: self)
        text += value.utf8.isEmpty ? "\(key.name) =\n" : "\(key.name) = \(value)\n"
      }
    }
    return text
  }
}
