#include "packs/mandates/workspace/holds.hpp"

#include <algorithm>
#include <utility>

namespace hearth::packs::mandates::workspace {
namespace {

// With a slash behind, what is below a path begins with it.
std::string closed(std::string directory) {
  if (!directory.ends_with('/')) directory += '/';
  return directory;
}

bool is_apart(const std::list<std::string>& all, const std::string& directory) {
  return std::ranges::none_of(all, [&](const std::string& each) {
    return each.starts_with(directory) || directory.starts_with(each);
  });
}

}  // namespace

Holds::Hold::Hold(Hold&& other) noexcept
    : owner_(std::exchange(other.owner_, nullptr)), place_(other.place_) {}

Holds::Hold& Holds::Hold::operator=(Hold&& other) noexcept {
  std::swap(owner_, other.owner_);
  std::swap(place_, other.place_);
  return *this;
}

Holds::Hold::~Hold() {
  if (owner_ == nullptr) return;
  owner_->held_.lock()->erase(place_);
  owner_->held_.notify_all();
}

Holds::Hold Holds::take(std::string directory) {
  directory = closed(std::move(directory));
  auto held = held_.lock();
  held.wait([&](const auto& all) { return is_apart(all, directory); });
  held->push_back(std::move(directory));
  return {*this, std::prev(held->end())};
}

bool Holds::is_free(const std::string& directory) {
  return is_apart(*held_.lock(), closed(directory));
}

}  // namespace hearth::packs::mandates::workspace
