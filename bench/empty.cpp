// Does nothing: what starting any program costs on this machine.
int main() {
  return 0;
}
