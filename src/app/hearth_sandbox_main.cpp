// hearth-sandbox: what hearthd runs as the first process of a sandbox. It is no program for people.
#include <cstdio>
#include <span>

#include "packs/mandates/inside/first_process.hpp"

int main(int argc, char** argv) {
  using namespace hearth::packs::mandates::inside;
  const auto order = Order::parse(std::span(argv, static_cast<std::size_t>(argc)).subspan(1));
  if (!order) {
    std::fprintf(stderr, "hearth-sandbox: %s\n", order.error().message.c_str());
    return 2;
  }
  return run_first_process(*order);
}
