// A library that a plugin needs. Where the test wants it to be missing it is not copied along.
int absent_answer() {
  return 42;
}
