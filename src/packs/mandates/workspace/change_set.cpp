#include "packs/mandates/workspace/change_set.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "packs/mandates/workspace/content_hash.hpp"
#include "store/atomic_file.hpp"

namespace hearth::packs::mandates::workspace {
namespace {

constexpr std::string_view stage_prefix = ".hearth-stage-";
constexpr std::string_view record_suffix = ".change-set";
constexpr std::size_t most_record_bytes = std::size_t{64} << 20;

std::string stage_name(const std::string& id) {
  return std::string(stage_prefix) + id;
}
std::string record_path(const std::string& records, const std::string& id) {
  return records + "/" + id + std::string(record_suffix);
}

std::unexpected<Error> killed() {
  return fail(Errc::cancelled, "stopped at a checkpoint");
}

Result<void> rename_at(
    int from, const std::string& name, int to, const std::string& new_name, unsigned flags) {
  if (::renameat2(from, name.c_str(), to, new_name.c_str(), flags) == 0) return {};
  if (errno == EEXIST) return fail(Errc::conflict, new_name + " is there already");
  if (errno == EINVAL && flags == RENAME_EXCHANGE)
    return fail(Errc::unsupported, "the workspace's file system cannot swap two files");
  return fail_errno("rename " + name, errno);
}

Result<void> sync_directory(int directory, const std::string& what) {
  const UniqueFd open_one(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!open_one.valid() || ::fsync(open_one.get()) != 0) return fail_errno("sync " + what, errno);
  return {};
}

// Carries effects out, or takes them back, with contents that lie in the stage directory under
// their numbers.
class Application final {
 public:
  Application(const Root& root, std::string id, std::vector<Effect> effects)
      : root_(root), id_(std::move(id)), effects_(std::move(effects)) {}

  Result<void> make_stage() {
    if (::mkdirat(root_.descriptor(), stage_name(id_).c_str(), 0700) != 0)
      return fail_errno("make " + stage_name(id_), errno);
    return open_stage();
  }
  Result<void> open_stage() {
    auto opened = root_.open_below(stage_name(id_), O_PATH | O_DIRECTORY);
    if (!opened) return std::unexpected(std::move(opened.error()));
    stage_ = std::move(*opened);
    return {};
  }

  Result<void> stage(std::size_t i, std::string_view content) {
    const UniqueFd file(::openat(stage_.get(), name(i).c_str(),
                                 O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file.valid()) return fail_errno("stage " + effects_[i].path, errno);
    while (!content.empty()) {
      const ssize_t written = ::write(file.get(), content.data(), content.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return fail_errno("stage " + effects_[i].path, errno);
      content.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fchmod(file.get(), effects_[i].mode) != 0 || ::fsync(file.get()) != 0)
      return fail_errno("stage " + effects_[i].path, errno);
    return {};
  }

  Result<void> carry_out(std::size_t i) {
    const Effect& effect = effects_[i];
    const bool makes_directories = effect.action == Action::create;
    auto place = root_.place_of(effect.path, makes_directories);
    if (!place) return std::unexpected(std::move(place.error()));
    switch (effect.action) {
      case Action::create:
        return rename_at(stage_.get(), name(i), place->directory.get(), place->name,
                         RENAME_NOREPLACE);
      case Action::edit:
        return exchange(i, *place, effect.before_hash);
      case Action::remove:
        return take_away(i, *place, effect.before_hash);
      case Action::move:
        return move(effect.path, effect.to, effect.before_hash);
      case Action::read:
        break;
    }
    return fail(Errc::invalid_args, "reading is no change");
  }

  Result<void> take_back(std::size_t i) {
    const Effect& effect = effects_[i];
    auto place = root_.place_of(effect.path, effect.action == Action::remove);
    if (!place) return std::unexpected(std::move(place.error()));
    switch (effect.action) {
      case Action::create:
        return take_away(i, *place, effect.after_hash);
      case Action::edit:
        return exchange(i, *place, effect.after_hash);
      case Action::remove:
        return rename_at(stage_.get(), name(i), place->directory.get(), place->name,
                         RENAME_NOREPLACE);
      case Action::move:
        return move(effect.to, effect.path, effect.before_hash);
      case Action::read:
        break;
    }
    return fail(Errc::invalid_args, "reading is no change");
  }

  // Whether it was us who carried it out: what lies in the stage directory tells, whatever others
  // did since.
  [[nodiscard]] bool is_ours(std::size_t i) const {
    const Effect& effect = effects_[i];
    const auto staged = read_at(stage_.get(), name(i), Root::default_limit);
    switch (effect.action) {
      case Action::create:
        return !staged && staged.error().code == Errc::not_found;
      case Action::edit:
        return staged && staged->hash == effect.before_hash;
      case Action::remove:
        return staged.has_value();
      case Action::move:
        return !root_.open_below(effect.path, O_PATH | O_NOFOLLOW);
      case Action::read:
        break;
    }
    return false;
  }

  // From the last to the first; all that can be, whatever fails. What could not be is named.
  std::string take_back_all() {
    std::string left;
    for (std::size_t i = effects_.size(); i-- > 0;) {
      if (!is_ours(i) || take_back(i)) continue;
      left += (left.empty() ? "" : ", ") + effects_[i].path;
    }
    return left;
  }

  // Names of files; their contents are durable since they were staged.
  Result<void> sync() {
    for (const Effect& effect : effects_) {
      for (const std::string* const path : {&effect.path, &effect.to}) {
        if (path->empty()) continue;
        // Each directory up to the root: it may be new.
        std::string at = *path;
        for (;;) {
          if (const auto place = root_.place_of(at)) {
            if (auto done = sync_directory(place->directory.get(), at); !done) return done;
          }
          const auto slash = at.rfind('/');
          if (slash == std::string::npos) break;
          at.resize(slash);
        }
      }
    }
    return {};
  }

  Result<void> sync_stage() { return sync_directory(stage_.get(), stage_name(id_)); }
  [[nodiscard]] const std::vector<Effect>& effects() const { return effects_; }

 private:
  static std::string name(std::size_t i) { return std::to_string(i); }

  // Whether a file of the stage has this content.
  Result<void> expect(int directory,
                      const std::string& file,
                      const std::string& hash,
                      const std::string& path) {
    const auto found = read_at(directory, file, Root::default_limit);
    if (!found) return std::unexpected(found.error());
    if (found->hash == hash) return {};
    return fail(Errc::conflict, path + " has changed meanwhile",
                {"read it again and make the change anew"});
  }

  Result<void> exchange(std::size_t i, const Place& place, const std::string& expected) {
    const auto swap = [&] {
      return rename_at(stage_.get(), name(i), place.directory.get(), place.name, RENAME_EXCHANGE);
    };
    if (auto done = swap(); !done) return done;
    auto was_expected = expect(stage_.get(), name(i), expected, effects_[i].path);
    if (was_expected) return was_expected;
    if (auto back = swap(); !back) return back;
    return was_expected;
  }

  Result<void> take_away(std::size_t i, const Place& place, const std::string& expected) {
    if (auto done =
            rename_at(place.directory.get(), place.name, stage_.get(), name(i), RENAME_NOREPLACE);
        !done)
      return done;
    auto was_expected = expect(stage_.get(), name(i), expected, effects_[i].path);
    if (was_expected) return was_expected;
    if (auto back =
            rename_at(stage_.get(), name(i), place.directory.get(), place.name, RENAME_NOREPLACE);
        !back)
      return back;
    return was_expected;
  }

  Result<void> move(const std::string& from, const std::string& to, const std::string& expected) {
    auto source = root_.place_of(from);
    auto target = root_.place_of(to, true);
    if (!source) return std::unexpected(std::move(source.error()));
    if (!target) return std::unexpected(std::move(target.error()));
    if (auto done = rename_at(source->directory.get(), source->name, target->directory.get(),
                              target->name, RENAME_NOREPLACE);
        !done)
      return done;
    auto was_expected = expect(target->directory.get(), target->name, expected, from);
    if (was_expected) return was_expected;
    if (auto back = rename_at(target->directory.get(), target->name, source->directory.get(),
                              source->name, RENAME_NOREPLACE);
        !back)
      return back;
    return was_expected;
  }

  const Root& root_;
  const std::string id_;
  const std::vector<Effect> effects_;
  UniqueFd stage_;
};

Result<void> remove_record(const std::string& records, const std::string& id) {
  if (::unlink(record_path(records, id).c_str()) != 0 && errno != ENOENT)
    return fail_errno("remove " + record_path(records, id), errno);
  return store::system_env().sync_directory(records);
}

// Nobody else writes there, and what a link there names is not touched.
void remove_stage(const Root& root, const std::string& id) {
  std::error_code ignored;
  std::filesystem::remove_all(root.path() + "/" + stage_name(id), ignored);
}

Result<void> finish(const Root& root,
                    const std::string& id,
                    const std::string& records,
                    Application& application) {
  if (auto done = application.sync(); !done) return done;
  if (auto done = remove_record(records, id); !done) return done;
  remove_stage(root, id);
  return {};
}

bool is_id(const std::string& id) {
  return !id.empty() && id.size() <= 64 && std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
}

// The error of what failed, once all before it is taken back.
Result<void> give_up(const Root& root,
                     const std::string& id,
                     const std::string& records,
                     Application& application,
                     Error why) {
  const std::string left = application.take_back_all();
  if (!left.empty())
    return fail(Errc::outcome_unknown, why.message + "; and these could not be taken back: " + left,
                {"look at them; what was there is in " + root.path() + "/" + stage_name(id)});
  if (auto done = finish(root, id, records, application); !done) return done;
  return std::unexpected(std::move(why));
}

Result<Recovery> recover_one(const Root& root,
                             const ChangeRecord& record,
                             const std::string& records) {
  Recovery recovery{.id = record.id};
  Application application(root, record.id, record.effects);
  (void)application.open_stage();  // if it is gone, what needs it fails
  Result<void> done;
  for (std::size_t i = 0; i < record.effects.size() && done; ++i) {
    const auto state = inspect(root, record.effects[i]);
    if (!state) return std::unexpected(state.error());
    if (*state == EffectState::done) continue;
    if (*state == EffectState::not_done && !application.is_ours(i))
      done = application.carry_out(i);
    else
      done = fail(Errc::conflict, record.effects[i].path + " was changed by somebody else");
  }
  if (!done) {
    recovery.end = Recovery::End::undone;
    recovery.detail = application.take_back_all();
    if (!recovery.detail.empty()) {
      recovery.end = Recovery::End::needs_review;
      return recovery;
    }
  }
  if (auto finished = finish(root, record.id, records, application); !finished)
    return std::unexpected(std::move(finished.error()));
  return recovery;
}

Result<ChangeRecord> read_record(const std::string& path) {
  const auto bytes = store::system_env().read(path, most_record_bytes);
  if (!bytes) return std::unexpected(bytes.error());
  auto record = ChangeRecord::parse(*bytes);
  if (!record) return std::unexpected(std::move(record.error()).within(path));
  return record;
}

Result<std::vector<ChangeRecord>> read_records(const std::string& records) {
  auto names = store::system_env().list(records);
  if (!names) return std::unexpected(std::move(names.error()));
  std::vector<ChangeRecord> all;
  for (const std::string& name : *names) {
    if (!name.ends_with(record_suffix)) continue;
    auto record = read_record(records + "/" + name);
    if (!record) return std::unexpected(std::move(record.error()));
    all.push_back(std::move(*record));
  }
  return all;
}

}  // namespace

Result<void> apply(const Root& root,
                   std::span<const PreparedEffect> effects,
                   const std::string& id,
                   const std::string& records,
                   const Checkpoint& checkpoint) {
  if (!is_id(id)) return fail(Errc::invalid_args, "\"" + id + "\" is no id of a change set");
  const auto goes_on = [&] { return !checkpoint || checkpoint(); };
  ChangeRecord record{.id = id, .workspace = root.path()};
  for (const PreparedEffect& each : effects) record.effects.push_back(each.effect);
  Application application(root, id, record.effects);
  if (!goes_on()) return killed();
  auto staged = application.make_stage();
  for (std::size_t i = 0; i < effects.size() && staged; ++i) {
    if (!goes_on()) return killed();
    const Action action = effects[i].effect.action;
    if (action == Action::create || action == Action::edit)
      staged = application.stage(i, effects[i].after);
  }
  if (staged) staged = application.sync_stage();
  if (!goes_on()) return killed();
  if (staged) staged = store::replace_file(record_path(records, id), record.to_bytes());
  if (!staged) {
    remove_stage(root, id);
    return staged;
  }
  for (std::size_t i = 0; i < effects.size(); ++i) {
    if (!goes_on()) return killed();
    if (auto done = application.carry_out(i); !done)
      return give_up(root, id, records, application, std::move(done.error()));
  }
  if (!goes_on()) return killed();
  return finish(root, id, records, application);
}

Result<std::vector<std::string>> left_change_sets(const std::string& records) {
  const auto left = read_records(records);
  if (!left) return std::unexpected(left.error());
  std::set<std::string> workspaces;
  for (const ChangeRecord& record : *left) workspaces.insert(record.workspace);
  return std::vector(workspaces.begin(), workspaces.end());
}

Result<std::vector<Recovery>> recover(const Root& root, const std::string& records) {
  const auto left = read_records(records);
  if (!left) return std::unexpected(left.error());
  std::vector<Recovery> all;
  std::vector<std::string> kept;
  for (const ChangeRecord& record : *left) {
    if (record.workspace != root.path()) continue;
    auto recovery = recover_one(root, record, records);
    if (!recovery) return std::unexpected(std::move(recovery.error()));
    if (recovery->end == Recovery::End::needs_review) kept.push_back(stage_name(record.id));
    all.push_back(std::move(*recovery));
  }
  auto entries = store::system_env().list(root.path());
  if (!entries) return std::unexpected(std::move(entries.error()));
  for (const std::string& entry : *entries) {
    if (entry.starts_with(stage_prefix) && std::ranges::find(kept, entry) == kept.end())
      remove_stage(root, entry.substr(stage_prefix.size()));
  }
  return all;
}

Result<void> discard(const std::string& id, const std::string& records) {
  if (!is_id(id)) return fail(Errc::invalid_args, "\"" + id + "\" is no id of a change set");
  if (::access(record_path(records, id).c_str(), F_OK) != 0) return {};
  const auto record = read_record(record_path(records, id));
  if (!record) return std::unexpected(record.error());
  // Where the workspace is gone, so is what was staged.
  if (const auto root = Root::open(record->workspace)) remove_stage(*root, id);
  return remove_record(records, id);
}

}  // namespace hearth::packs::mandates::workspace
