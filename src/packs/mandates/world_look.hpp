// Looks at what schedules wait for: files of a workspace, labelled issues, entries of knowledge. A
// look tells all there is and, compared with the last one, what has happened. What mandates did
// themselves has not: none begins a run, or it would go round for ever.
#pragma once

#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "packs/mandates/engine/sightings.hpp"
#include "packs/mandates/mandate_spec.hpp"
#include "packs/mandates/workbench.hpp"

namespace hearth::packs::mandates {

struct LookOrder {
  Watched watched;
  std::string mandate;    // id
  std::string workspace;  // real path
  WallTime now;
  std::optional<Seen> last;    // nothing: the first look, at which nothing has happened
  std::vector<OwnEffect> own;  // since the last look
};

// Blocks; any thread. Nothing: an effect that is under way may be the reason for what is seen, so
// that it has to be looked again later. `not_found` where there is no such directory or tool,
// `unsupported` when there is too much.
[[nodiscard]] Result<std::optional<Sighting>> look_at_world(Workbench& bench,
                                                            const std::string& name_space,
                                                            const LookOrder& order,
                                                            const std::stop_token& stop);

// An issue or an entry, as the tool of its pack lists it.
struct ListedItem {
  std::string id;
  std::string name;  // for people
  std::optional<WallTime> created;
};
struct ListedPage {
  std::vector<ListedItem> items;
  bool is_last = true;
  std::string cursor;
};
// In world_look_wire.cpp: arguments and answers of issues_list and knowledge_list.
[[nodiscard]] std::string issues_arguments(const std::string& label, std::size_t offset);
[[nodiscard]] Result<ListedPage> parse_issues(std::string_view answer);
[[nodiscard]] std::string entries_arguments(const std::vector<std::string>& tags,
                                            WallTime since,
                                            const std::string& cursor);
[[nodiscard]] Result<ListedPage> parse_entries(std::string_view answer);

}  // namespace hearth::packs::mandates
