// The first exchange: whatever a peer sends is decoded or refused with a reason, and a greeting or
// welcome that was decoded is encoded into one that decodes to the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ipc/hello.hpp"
#include "json/json.hpp"

namespace {

using namespace hearth;

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);

  if (const auto greeting = ipc::decode_greeting(bytes)) {
    require(ipc::check_namespace(greeting->name_space).has_value());
    const std::string encoded = ipc::encode_greeting(*greeting);
    const auto again = ipc::decode_greeting(encoded);
    require(again.has_value() && ipc::encode_greeting(*again) == encoded);
  } else {
    require(!greeting.error().message.empty());
  }

  if (const auto welcome = ipc::decode_welcome(bytes)) {
    const std::string encoded = ipc::encode_welcome(*welcome);
    const auto again = ipc::decode_welcome(encoded);
    require(again.has_value() && ipc::encode_welcome(*again) == encoded);
  } else {
    require(!welcome.error().reason.empty() || !welcome.error().error.message.empty());
  }

  // Any text may stand in a refusal; it arrives as a refusal.
  const std::string refusal =
      ipc::encode_refusal(Error{Errc::busy, std::string(bytes), {}}, "busy");
  require(json::parse(refusal).has_value());
  const auto decoded = ipc::decode_welcome(refusal);
  require(!decoded.has_value() && decoded.error().reason == "busy");
  return 0;
}
