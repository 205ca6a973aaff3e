import Base

@testable import Reactor

/// What the kernel says of links and addresses.
func fuzzNetlink(_ bytes: [UInt8]) {
  var table = NetworkTable()
  table.read(bytes)
  _ = tellsOfNetworkChange(bytes)
  for includeLoopback in [false, true] {
    let defaults = table.addresses.prefix(2).map { $0.ip }
    let interfaces = NetworkInterfaces(table, defaults: defaults, includeLoopback: includeLoopback)
    precondition(interfaces.best.allSatisfy { interfaces.present.contains($0) })
    precondition(interfaces.present.allSatisfy { ip in table.addresses.contains { $0.ip == ip } })
  }
  table.read(bytes)
  precondition(table.addresses.count <= ReactorLimits.interfaceAddressesMax)
  precondition(table.links.count <= ReactorLimits.networkLinksMax)
}
