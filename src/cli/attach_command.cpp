// `hearth attach RUN`: follow a run, and decide in place what it proposes.
#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "cli/command.hpp"
#include "cli/proposal.hpp"
#include "cli/run_follower.hpp"
#include "cli/terminal.hpp"

namespace hearth::cli {
namespace {

// The proposals of one run, one after the other, at a terminal.
class Decider final {
 public:
  Decider(const Context& context, const Terminal& terminal, const RunFollower& follower)
      : context_(context), terminal_(terminal), follower_(follower) {}

  // Shows what waits now, unless that is on the terminal already.
  Result<bool> on_look(client::Connection& asking) {
    const auto waiting = pending(asking);
    if (!waiting) return std::unexpected(waiting.error());
    if (shown_ && std::ranges::find(*waiting, shown_->id) == waiting->end()) {
      terminal_.show("\n" + shown_->id + " waits no longer\n");
      shown_.reset();
    }
    const auto next = std::ranges::find_if(
        *waiting, [&](const std::string& id) { return !passed_.contains(id); });
    if (shown_ || next == waiting->end()) return true;
    auto proposal = load_proposal(context_, asking, *next);
    if (!proposal) return std::unexpected(std::move(proposal.error()));
    shown_ = std::move(*proposal);
    ask(shown_->text);
    return true;
  }

  // A line was typed.
  Result<bool> on_line(client::Connection& asking) {
    const auto line = terminal_.read_line();
    if (!line) return false;  // ^D
    if (!shown_) return true;
    if (*line != "leave" && *line != "reject" && *line != yes()) {
      ask();
      return true;
    }
    const Proposal answered = *std::exchange(shown_, std::nullopt);
    passed_.insert(answered.id);
    if (*line != "leave") {
      const auto outcome = decide_proposal(context_, asking, *line, answered, "");
      // Too late, or somebody else was first: that ends nothing.
      if (!outcome) (void)context_.output().failure(outcome.error());
    }
    return on_look(asking);
  }

 private:
  [[nodiscard]] std::string yes() const { return shown_->needs_elevation ? "elevate" : "approve"; }
  void ask(const std::string& about = {}) const {
    terminal_.ask(about + "Type " + yes() + ", reject or leave: ");
  }
  // Ids of what the run proposes, the oldest first.
  Result<std::vector<std::string>> pending(client::Connection& asking) const {
    const auto page = call_tool(context_, asking, "mandates_approvals",
                                json::Value{{"state", "pending"}, {"run", follower_.run()}});
    if (!page) return std::unexpected(page.error());
    std::vector<std::string> ids;
    for (const json::Value& each : page->at("approvals").as_array())
      ids.emplace_back(json::string_or(each, "id", ""));
    std::ranges::reverse(ids);
    return ids;
  }

  const Context& context_;
  const Terminal& terminal_;
  const RunFollower& follower_;
  std::optional<Proposal> shown_;  // and asked about
  std::set<std::string> passed_;   // ids that are not asked about again
};

Result<int> attach(const Context& context, const Arguments& arguments) {
  RunFollower follower(context, arguments.one("run").value_or(""));
  const auto terminal = Terminal::open();
  if (!terminal) {
    context.output().note("no terminal: what it proposes is decided elsewhere");
    return follower.follow();
  }
  Decider decider(context, *terminal, follower);
  return follower.follow(
      {.on_look = [&](client::Connection& asking) { return decider.on_look(asking); },
       .fd = terminal->fd(),
       .on_readable = [&](client::Connection& asking) { return decider.on_line(asking); }});
}

std::vector<Parameter> parameters() {
  return {{.name = "run",
           .about = "Its id, or a beginning of it; hearth mandates runs lists them",
           .is_positional = true,
           .is_required = true}};
}

constexpr std::array commands{
    Command{"attach", "Follow a run of a mandate, and decide in place what it proposes",
            "Shows what the run does as it does it. When it proposes something, shows that whole "
            "and asks: approve, reject or leave. ^C and ^D leave the run alone. Exits with 1 when "
            "the run ended without reaching its goal.",
            parameters, attach},
};

}  // namespace

std::span<const Command> attach_commands() {
  return commands;
}

}  // namespace hearth::cli
