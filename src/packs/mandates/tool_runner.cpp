#include "packs/mandates/tool_runner.hpp"

#include "base/log.hpp"

namespace hearth::packs::mandates {

void ToolRunner::start(pack::PackContext& context, Settings settings) {
  context_ = &context;
  bench_ = std::make_unique<Workbench>(context, std::move(settings));
  bench_->learning().when_tried([this] { secrets_tried(); });
}

void ToolRunner::close_what_is_not_served() {
  std::vector<std::shared_ptr<Space>> closing;
  {
    auto opened = opened_.lock();
    std::erase_if(opened->spaces, [&](const auto& each) {
      if (context_->serves(each.first)) return false;
      closing.push_back(each.second);
      return true;
    });
  }
  for (const auto& space : closing) {
    space->close();
    log::info("mandates rest: their namespace is not served",
              {log::kv("namespace", space->name())});
  }
}

void ToolRunner::settings_changed() {
  close_what_is_not_served();
  for (const auto& space : spaces()) {
    if (auto done = space->settings_changed(); !done)
      log::error("runs wait on for a model or a secret",
                 {log::kv("namespace", space->name()), log::kv("why", done.error().message)});
  }
}

// On the thread that reads them.
void ToolRunner::secrets_tried() const {
  for (const auto& space : spaces()) {
    if (auto done = space->secrets_tried(); !done)
      log::error("runs wait on for secrets",
                 {log::kv("namespace", space->name()), log::kv("why", done.error().message)});
  }
}

void ToolRunner::stop() {
  stop_.request_stop();
  if (bench_) bench_->learning().close();
  std::map<std::string, std::shared_ptr<Space>> spaces;
  {
    auto opened = opened_.lock();
    opened->is_closing = true;
    spaces = opened->spaces;
  }
  for (const auto& [name, space] : spaces) space->close();
}

Result<std::shared_ptr<Space>> ToolRunner::space(const std::string& name_space) {
  return open(name_space, false);
}

Result<std::shared_ptr<Space>> ToolRunner::make_space(const std::string& name_space) {
  return open(name_space, true);
}

Result<std::shared_ptr<Space>> ToolRunner::open(const std::string& name_space, bool makes_it) {
  if (!context_->store_owner()) bench_->learning().begin();
  auto opened = opened_.lock();
  const auto found = opened->spaces.find(name_space);
  if (found != opened->spaces.end()) return found->second;
  if (opened->is_closing) return fail(Errc::draining, "the daemon is leaving", {"try again"});
  if (!context_->serves(name_space)) {
    return fail(Errc::mismatch,
                "this daemon does not serve the namespace " + name_space + " any more",
                {"choose one of [daemon] namespaces in config.toml"});
  }
  if (context_->store_owner()) {
    return fail(Errc::read_only, "mandates are carried out by " + *context_->store_owner(),
                {"ask the shared daemon: leave --no-daemon out"});
  }
  const bool is_there = Space::exists(*context_, name_space);
  if (!is_there && !makes_it) return nullptr;
  if (!is_there && opened->spaces.size() >= most_spaces)
    return fail(
        Errc::busy,
        "mandates of " + std::to_string(most_spaces) + " namespaces are carried out already",
        {"make it in one of those"});
  auto space = Space::open(*bench_, name_space);
  if (!space) {
    opened->problem = space.error().message;
    log::error("mandates cannot be carried out",
               {log::kv("namespace", name_space), log::kv("error", space.error().message)});
    return std::unexpected(std::move(space.error()));
  }
  opened->problem.clear();
  return opened->spaces.emplace(name_space, std::move(*space)).first->second;
}

void ToolRunner::prove_sandbox() {
  for (const auto& space : spaces()) {
    if (!space->uses_sandbox()) continue;
    const auto sandbox = bench_->sandbox(stop_.get_token());
    if (!sandbox && !stop_.stop_requested())
      log::error("mandates cannot act", {log::kv("why", sandbox.error().message)});
    return;
  }
}

std::vector<std::shared_ptr<Space>> ToolRunner::spaces() const {
  std::vector<std::shared_ptr<Space>> all;
  for (const auto& [name, space] : opened_.lock()->spaces) all.push_back(space);
  return all;
}

std::string ToolRunner::problem() const {
  return opened_.lock()->problem;
}

std::unexpected<Error> no_mandates(const std::string& name_space) {
  return fail(Errc::not_found, "the namespace " + name_space + " has no mandates",
              {"hearth mandates create"});
}

Result<void> check_writes(const pack::Caller& caller) {
  if (!caller.read_only) return {};
  return fail(Errc::read_only, "this session is read-only; nothing was written",
              {"connect without --read-only"});
}

pack::ToolSpec reading(std::string verb, std::string title, std::string description) {
  pack::ToolSpec spec;
  spec.verb = std::move(verb);
  spec.title = std::move(title);
  spec.description = std::move(description);
  spec.annotations.read_only = true;
  spec.annotations.idempotent = true;
  spec.resend = pack::ResendRule::run_again;
  return spec;
}

pack::ToolSpec writing(std::string verb,
                       std::string title,
                       std::string description,
                       pack::Annotations annotations) {
  pack::ToolSpec spec;
  spec.verb = std::move(verb);
  spec.title = std::move(title);
  spec.description = std::move(description);
  spec.annotations = annotations;
  spec.resend = annotations.idempotent ? pack::ResendRule::run_again : pack::ResendRule::refuse;
  return spec;
}

}  // namespace hearth::packs::mandates
