import Testing

/// usrsctp has one clock for the process, so whoever has an association runs alone.
@Suite(.serialized) enum DataChannelSuites {}
