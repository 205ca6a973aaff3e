import CLinux
import Device
import System

func start() -> Int32 {
  switch Invocation(programArguments() ?? []) {
  case .run(let path): return run(configurationAt: path)
  case .checkConfiguration(let path): return checkConfiguration(at: path)
  case .doctor(let path): return standInDoctor(configurationAt: path)
  case .printed(let text):
    print(text)
    return 0
  case .refused(let words):
    Journal.write(.error, words)
    Journal.write(.error, "try linteld --help")
    return 2
  }
}

exit(start())
