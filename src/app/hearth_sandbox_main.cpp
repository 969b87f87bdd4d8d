// hearth-sandbox: what hearthd runs around a sandbox, to keep bubblewrap, and as the first process
// in it. It is no program for people.
#include <cstdio>
#include <span>
#include <utility>

#include "packs/mandates/inside/first_process.hpp"
#include "packs/mandates/inside/keeper.hpp"

int main(int argc, char** argv) {
  using namespace hearth::packs::mandates::inside;
  const auto arguments = std::span(argv, static_cast<std::size_t>(argc)).subspan(1);
  if (auto order = KeepOrder::parse(arguments)) return keep(std::move(*order));
  const auto order = Order::parse(arguments);
  if (!order) {
    std::fprintf(stderr, "hearth-sandbox: %s\n", order.error().message.c_str());
    return 2;
  }
  return run_first_process(*order);
}
