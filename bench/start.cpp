// From the decision to start a program to the first byte (or the end) of its output. The commands
// take turns, so that the machine's mood falls on all alike.
//
// usage: bench_start ROUNDS -- COMMAND [WORD…] [-- COMMAND [WORD…]]…
//
// Prints {"name":COMMAND LINE,"unit":"ms","values":[…]} for each command.
#include <unistd.h>

#include <array>
#include <cstdio>

#include "support.hpp"

namespace hearth::bench {
namespace {

double start_once(const std::vector<std::string>& command) {
  const auto began = Clock::now();
  Child child(command);
  std::array<char, 4096> chunk;
  (void)!::read(child.out(), chunk.data(), chunk.size());
  const double took = milliseconds_since(began);
  child.finish();
  return took;
}

std::string joined(const std::vector<std::string>& command) {
  std::string line = command.front().substr(command.front().rfind('/') + 1);
  for (std::size_t i = 1; i < command.size(); ++i) line += " " + command[i];
  return line;
}

void run(const std::vector<std::vector<std::string>>& commands, int rounds) {
  std::vector<std::vector<double>> took(commands.size());
  for (const auto& command : commands) (void)start_once(command);  // into the page cache
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < commands.size(); ++i) took[i].push_back(start_once(commands[i]));
  }
  for (std::size_t i = 0; i < commands.size(); ++i)
    print_series(joined(commands[i]), "ms", took[i]);
}

}  // namespace
}  // namespace hearth::bench

int main(int argc, char** argv) {
  using namespace hearth::bench;
  std::vector<std::vector<std::string>> commands;
  for (int i = 2; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--") {
      commands.emplace_back();
    } else if (!commands.empty()) {
      commands.back().push_back(word);
    }
  }
  for (const auto& command : commands) {
    if (command.empty()) die("an empty command");
  }
  if (commands.empty()) die("usage: bench_start ROUNDS -- COMMAND [WORD...] [-- COMMAND ...]");
  run(commands, number_argument(argc, argv, 1, "number of rounds"));
}
