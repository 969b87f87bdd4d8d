// What can be done now: of the tool and of the resource.
#pragma once

#include "packs/issues/engine/issue_store.hpp"
#include "packs/issues/list_wire.hpp"

namespace hearth::packs::issues {

[[nodiscard]] Result<wire::ListAnswer> list_ready(IssueStore& store,
                                                  const wire::ReadyRequest& request);

}  // namespace hearth::packs::issues
