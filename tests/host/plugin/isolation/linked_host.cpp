// The same host as an ordinary program: what it links is in the global symbol scope.
#include <unistd.h>

extern "C" int formulary_main(int argc, char** argv, char** environment);

int main(int argc, char** argv) {
  return formulary_main(argc, argv, environ);
}
