"""A LiveKit-protocol room server for tests: signalling v0, audio forwarding, data packets, and faults on demand."""
