func main() {
  print("linteld")
}
main()
