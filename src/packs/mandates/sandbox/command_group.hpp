// A control group of its own for a command (cgroups(7), version 2): limits that the kernel keeps
// for all its processes together, and one word that ends them all.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "packs/mandates/sandbox/plan.hpp"

namespace hearth::packs::mandates::sandbox {

class CommandGroup final {
 public:
  // Makes the directory, which does not exist (`conflict`: it does), with the limits for which
  // there are controllers ("memory", "pids").
  [[nodiscard]] static Result<CommandGroup> make(std::string directory,
                                                 std::span<const std::string> controllers,
                                                 const Limits& limits);
  CommandGroup(CommandGroup&& other) noexcept;
  CommandGroup& operator=(CommandGroup&&) = delete;
  ~CommandGroup();  // ends what is in it, and removes it

  // A descriptor for who is to be in it: it writes "0" there.
  [[nodiscard]] int entrance() const { return entrance_.get(); }
  // Kills all that is in it, and waits for their end; false: they live on after seconds.
  [[nodiscard]] bool end() const;
  // The kernel has killed in it because its memory had passed the limit.
  [[nodiscard]] bool is_out_of_memory() const;

 private:
  CommandGroup(std::string directory, UniqueFd entrance);
  std::string directory_;
  UniqueFd entrance_;
};

// Ends what is in a group and removes it. Nothing happens where there is none.
void remove_group(const std::string& directory);

// Which of a group's files is to have which content.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> contents_for(
    const Limits& limits, std::span<const std::string> controllers);
// The number behind a name, in a file of lines "name number"; 0 where it is not there.
[[nodiscard]] std::uint64_t number_of(std::string_view text, std::string_view name);
// Into a file of the kernel, which exists.
[[nodiscard]] Result<void> write_into(const std::string& file, std::string_view text);

}  // namespace hearth::packs::mandates::sandbox
