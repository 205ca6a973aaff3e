func main() {
  print("lintelctl")
}
main()
