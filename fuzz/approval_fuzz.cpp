// Any bytes as a sealed proposal or decision: never believed unless they were sealed with this key;
// and what is sealed comes back whole, whatever its fields hold.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "packs/mandates/engine/approvals.hpp"

namespace {

using namespace hearth;
using namespace hearth::packs::mandates;

void require(bool holds) {
  if (!holds) std::abort();
}

const Key& key() {
  static const Key made{digest("fuzz")};
  return made;
}

void check_forged(std::string_view bytes) {
  // The fuzzer does not know the key; the MAC of its own text is another one.
  require(!open_proposal(bytes, key()));
  require(!open_decision(bytes, "proposal", key()));
}

// Right seal, any body: read as far as it makes sense, and then it is the same text again.
void check_body(std::string_view body) {
  std::string text = "hearth-proposal-1\n" + std::string(body);
  text += view(key().mac({"hearth-proposal-1\n", "", text}));
  if (const auto proposal = open_proposal(text, key())) {
    const auto again = open_proposal(seal(*proposal, key()), key());
    require(again && again->content == proposal->content && again->expires == proposal->expires);
  }
}

void check_fields(std::string_view bytes) {
  const std::string whole(bytes);
  const std::string half = whole.substr(0, whole.size() / 2);
  const Proposal proposal{
      .id = half, .run = whole, .step = half, .target = whole, .content = whole};
  const std::string sealed = seal(proposal, key());
  const auto opened = open_proposal(sealed, key());
  require(opened && opened->id == half && opened->run == whole && opened->content == whole);
  const Decision decision{
      .proposal = half, .verdict = Verdict::approve, .reviewer = whole, .reason = half};
  const auto decided = open_decision(seal(decision, sealed, key()), sealed, key());
  require(decided && decided->reviewer == whole && decided->verdict == Verdict::approve);
  require(!open_decision(seal(decision, sealed, key()), sealed + "x", key()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_forged(bytes);
  check_body(bytes);
  check_fields(bytes);
  return 0;
}
