// A schedule's text in a zone of any name: refused or understood, and then its occurrences only go
// forward, each of them what the expression says.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "packs/mandates/engine/firing.hpp"
#include "packs/mandates/engine/timing.hpp"

namespace {

using namespace hearth;
using namespace hearth::packs::mandates;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_order(const Timing& timing, WallTime from) {
  for (int i = 0; i < 20; ++i) {
    const auto next = timing.next_after(from);
    if (!next) return;
    require(*next > from);
    // Nothing lies between the two.
    require(timing.next_after(*next - std::chrono::milliseconds(1)) == next);
    from = *next;
  }
}

}  // namespace

// The first line is the schedule, the second its zone.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto end = std::min(text.find('\n'), text.size());
  const std::string_view zone = text.substr(std::min(end + 1, text.size()));
  if (const auto cron = Cron::parse(text.substr(0, end))) {
    const WallMinute from = std::chrono::local_days(std::chrono::year(2026) / 3 / 29);
    const auto next = cron->next_after(from);
    require(!next || (*next > from && cron->matches(*next)));
  }
  const auto timing = Timing::parse(text.substr(0, end), zone);
  if (!timing) {
    require(!timing.error().message.empty());
    return 0;
  }
  // Days on which clocks change somewhere.
  for (const char* day : {"2026-03-07", "2026-03-28", "2026-10-24", "2026-10-31", "2199-12-30"})
    check_order(*timing, *parse_rfc3339(day));
  return 0;
}
