// Whether a plan may be carried out, before anything is started for it.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "packs/mandates/sandbox/plan.hpp"

namespace hearth::packs::mandates::sandbox {

// Errors: invalid_args (the plan is none), permission (it would show what is `hidden`, or set what
// may not be set), not_found (a path of it).
[[nodiscard]] Result<void> check_plan(const Plan& plan, const std::vector<std::string>& hidden);

// What it shows of the machine beyond the system: workspace, tools and what else may be written.
[[nodiscard]] std::vector<std::string> shown_by(const Plan& plan);

}  // namespace hearth::packs::mandates::sandbox
