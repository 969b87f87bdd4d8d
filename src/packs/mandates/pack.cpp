// The pack itself: its life, its settings, its stores.
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/log.hpp"
#include "packs/mandates/decisions.hpp"
#include "packs/mandates/mandates.hpp"
#include "packs/mandates/tools.hpp"

namespace hearth::packs::mandates {
namespace {

namespace fs = std::filesystem;

class Mandates final : public pack::Pack {
 public:
  [[nodiscard]] std::string_view name() const override { return "mandates"; }
  [[nodiscard]] std::vector<pack::Setting> settings() const override { return known_settings(); }
  [[nodiscard]] pack::SettingsCheck settings_check() const override { return check_settings; }
  void declare(pack::Binder& tools) override {
    declare_mandate_tools(tools, runner_);
    declare_schedule_tools(tools, runner_);
    declare_run_tools(tools, runner_);
    declare_report_tools(tools, runner_);
    declare_follow_tools(tools, runner_);
    declare_approval_tools(tools, runner_);
    declare_asking_tools(tools, runner_);
    declare_upkeep_tools(tools, runner_);
    declare_resources(tools, runner_);
  }
  [[nodiscard]] std::vector<pack::Route> routes() const override { return http_routes(); }
  void start(pack::PackContext& context) override;
  void settings_changed() override;
  void stop() override;
  [[nodiscard]] pack::PackStatus status() const override;
  [[nodiscard]] std::string activity() const override;
  void in_person(std::string_view arguments,
                 pack::Reviewer reviewer,
                 std::move_only_function<void(Result<std::string>)> answer) override;
  void resources_changed(const std::vector<std::string>& uris,
                         const std::string& name_space) override;
  void session_changed(const pack::Caller& caller, bool is_open) override;
  // An active schedule, or a run that has not ended.
  [[nodiscard]] bool is_standing_by() const override;
  [[nodiscard]] std::vector<pack::StoreStatus> stores() const override;

 private:
  [[nodiscard]] Settings read() const;
  void resume_all();

  pack::PackContext* context_ = nullptr;
  ToolRunner runner_;
};

void Mandates::start(pack::PackContext& context) {
  context_ = &context;
  runner_.start(context, read());
  // What the model's key is, no line of the log tells.
  log::set_filter([redactor = runner_.bench().redactor()](std::string_view line) {
    return redactor.redact(line);
  });
  if (context.store_owner()) return;
  auto opening = runner_.bench().days()->opening();
  auto queued = context.submit([this, opening = std::move(opening)]() mutable {
    resume_all();
    opening.reset();  // runs go on
    runner_.prove_sandbox();
  });
  if (!queued)
    log::warning("mandates rest until asked for", {log::kv("why", queued.error().message)});
}

Settings Mandates::read() const {
  return read_settings([&](std::string_view name) { return context_->setting(name); },
                       context_->names_in("secrets"));
}

void Mandates::settings_changed() {
  runner_.take(read());
  auto queued = context_->submit_long([this] {
    runner_.settings_changed();
    resume_all();
  });
  if (!queued)
    log::warning("mandates go on under the earlier settings",
                 {log::kv("why", queued.error().message)});
}

// Every namespace that has mandates goes on where it was left, by an earlier daemon or by this one.
void Mandates::resume_all() {
  if (context_->store_owner()) return;
  for (const std::string& each : Space::all(*context_)) {
    // What fails is logged, and in status().
    if (context_->serves(each)) (void)runner_.space(each);
  }
}

void Mandates::stop() {
  runner_.stop();
  log::set_filter({});
}

pack::PackStatus Mandates::status() const {
  if (std::string problem = runner_.problem(); !problem.empty())
    return {pack::Warmth::degraded, std::move(problem)};
  const Walls walls = runner_.bench().walls();
  for (const auto& space : runner_.spaces()) {
    const auto has_mandates = [&] {
      const auto census = space->census();
      return census && census->mandates > 0;
    };
    if (walls.is_problem && has_mandates()) return {pack::Warmth::degraded, walls.text};
    if (std::string error = space->dispatcher().status().error; !error.empty())
      return {pack::Warmth::degraded, std::move(error)};
    if (std::string problem = space->clock_problem(); !problem.empty())
      return {pack::Warmth::degraded, std::move(problem)};
    if (std::string problem = space->record_problem(); !problem.empty())
      return {pack::Warmth::degraded, std::move(problem)};
    if (std::string problem = space->world().problem(); !problem.empty())
      return {pack::Warmth::degraded, std::move(problem)};
  }
  return {pack::Warmth::warm, {}};
}

std::string Mandates::activity() const {
  std::string text;
  for (const auto& space : runner_.spaces()) {
    const auto census = space->census();
    if (!census || census->mandates == 0) continue;
    const DispatcherStatus now = space->dispatcher().status();
    text += (text.empty() ? "" : "; ") + space->name() + ": " + std::to_string(census->schedules) +
            " schedules, " + std::to_string(census->running) + " runs running, " +
            std::to_string(census->waiting + census->blocked) + " waiting, " +
            std::to_string(census->approvals) + " approvals pending, heartbeat " +
            format_rfc3339(now.beat) +
            (now.wake ? ", next " + format_rfc3339(*now.wake) : std::string()) + ", lateness " +
            std::to_string(now.lateness.count()) + " ms";
  }
  return text;
}

void Mandates::in_person(std::string_view arguments,
                         pack::Reviewer reviewer,
                         std::move_only_function<void(Result<std::string>)> answer) {
  // Shared with the refusal below, which must still be able to answer.
  auto shared =
      std::make_shared<std::move_only_function<void(Result<std::string>)>>(std::move(answer));
  auto queued = context_->submit(
      [this, shared, reviewer = std::move(reviewer), arguments = std::string(arguments)] {
        Result<std::string> outcome = fail(Errc::internal, "nothing was decided");
        const auto space = runner_.space(reviewer.name_space);
        if (!space)
          outcome = std::unexpected(space.error());
        else if (*space == nullptr)
          outcome = no_mandates(reviewer.name_space);
        else
          outcome = decide(**space, arguments, reviewer);
        context_->post(
            [shared, outcome = std::move(outcome)]() mutable { (*shared)(std::move(outcome)); });
      });
  if (!queued) (*shared)(std::unexpected(std::move(queued.error())));
}

void Mandates::resources_changed(const std::vector<std::string>& uris,
                                 const std::string& name_space) {
  if (!WorldWatch::is_of_interest(uris)) return;
  for (const auto& space : runner_.spaces()) {
    if (name_space.empty() || space->name() == name_space) space->world().resources_changed(uris);
  }
}

void Mandates::session_changed(const pack::Caller& caller, bool is_open) {
  if (is_open) return;
  for (const auto& space : runner_.spaces()) space->followers().left(caller.session);
}

bool Mandates::is_standing_by() const {
  for (const auto& space : runner_.spaces()) {
    const DispatcherStatus now = space->dispatcher().status();
    if (now.schedules > 0 || now.running > 0 || now.wake || space->world().size() > 0) return true;
  }
  return false;
}

std::vector<pack::StoreStatus> Mandates::stores() const {
  std::vector<pack::StoreStatus> list;
  for (const auto& space : runner_.spaces()) {
    const std::string file = space->directory() + "/" + database_name;
    std::uint64_t bytes = 0;
    for (const char* const tail : {"", "-wal"}) {
      std::error_code none;
      const auto size = fs::file_size(file + tail, none);
      if (!none) bytes += size;
    }
    list.push_back({space->name(), file, bytes});
  }
  return list;
}

}  // namespace

std::unique_ptr<pack::Pack> make_pack() {
  return std::make_unique<Mandates>();
}

}  // namespace hearth::packs::mandates
