#include "app/packs.hpp"

#include "base/program_path.hpp"
#include "packs/issues/issues.hpp"
#include "packs/knowledge/knowledge.hpp"
#include "packs/mandates/mandates.hpp"
#include "packs/sql/sql.hpp"

namespace hearth::app {

std::vector<std::unique_ptr<pack::Pack>> make_packs() {
  std::vector<std::unique_ptr<pack::Pack>> packs;
  packs.push_back(packs::knowledge::make_pack());
  packs.push_back(packs::sql::make_pack(program_path()));
  packs.push_back(packs::issues::make_pack());
  packs.push_back(packs::mandates::make_pack());
  return packs;
}

}  // namespace hearth::app
