// Any bytes as a journal: what is accepted is what the key's owner wrote, in order; and a journal
// of our own with one byte changed is never taken for whole.
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "packs/mandates/engine/journal.hpp"

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

void check_any(std::string_view bytes) {
  std::uint64_t expected = 0;
  const auto check = check_journal(bytes, "fuzz", key(), {}, [&](const JournalEntry& entry) {
    require(entry.sequence == ++expected);
    require(entry.text.size() <= Journal::most_text_bytes);
  });
  if (!check) {
    require(check.error().code == Errc::damaged || check.error().code == Errc::unsupported);
    return;
  }
  require(check->head.sequence == expected);
  require(check->intact_bytes + check->torn_bytes == bytes.size());
}

// The first two bytes say where, the third how.
void check_changed(std::string_view input) {
  if (input.size() < 4) return;
  static std::string whole;
  static JournalHead head;
  if (whole.empty()) {
    // Written by the real code, to a file that nobody keeps.
    char path[] = "/tmp/hearth-journal-fuzz-XXXXXX";
    const int descriptor = ::mkstemp(path);
    require(descriptor >= 0);
    (void)::close(descriptor);
    (void)::unlink(path);
    auto journal = Journal::open(store::system_env(), path, key(), {});
    require(journal.has_value());
    const std::vector<JournalEntry> entries{{.sequence = 1, .time = {}, .kind = "a", .text = "one"},
                                            {.sequence = 2, .time = {}, .kind = "b", .text = ""},
                                            {.sequence = 3, .time = {}, .kind = "", .text = "x"}};
    head = (*journal)->append(entries).value();
    whole = store::system_env().read(path, 1 << 20).value();
    (void)::unlink(path);
  }
  std::string changed = whole;
  const std::size_t at =
      (static_cast<unsigned char>(input[0]) * 256U + static_cast<unsigned char>(input[1])) %
      changed.size();
  if (input[2] == 0) return;
  changed[at] = static_cast<char>(changed[at] ^ input[2]);
  require(!check_journal(changed, "fuzz", key(), head));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_any(bytes);
  check_changed(bytes);
  return 0;
}
