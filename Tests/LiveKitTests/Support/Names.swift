import Base

/// Names with a number in them. One that is none is a mistake of the test.
extension Name: ExpressibleByStringInterpolation {
  public init(stringInterpolation text: DefaultStringInterpolation) {
    self.init(stringLiteral: String(stringInterpolation: text))
  }
}
