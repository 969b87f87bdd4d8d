#include "search/generations.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "search/polite.hpp"

namespace hearth::search {
namespace {

constexpr mode_t file_mode = 0600;

std::vector<std::size_t> in_memory(const Snapshot& snapshot) {
  std::vector<std::size_t> indexes;
  for (std::size_t i = 0; i < snapshot.parts.size(); ++i) {
    if (snapshot.parts[i].is_in_memory()) indexes.push_back(i);
  }
  return indexes;
}

template <typename Parts>
auto find_same(Parts& parts, const Part& part) {
  return std::ranges::find(parts, part.contents, &Part::contents);
}

bool is_held(const HeldContents& held, const Part& part) {
  return std::ranges::count(held, part.contents.get()) != 0;
}

}  // namespace

Generations::Generations(std::unique_ptr<IndexDirectory> directory,
                         std::unique_ptr<const IndexFormat> format)
    : directory_(std::move(directory)), format_(std::move(format)) {
  load();
}

void Generations::load() {
  auto loaded = std::make_shared<Snapshot>();
  loaded->sequence = directory_->manifest().sequence;
  for (const Manifest::Entry& entry : directory_->manifest().entries) {
    auto part = load_part(entry);
    if (part) {
      loaded->parts.push_back(std::move(*part));
    } else {
      loaded->is_degraded = true;
    }
  }
  covered_ = loaded->sequence;
  publish(std::move(loaded));
}

Result<Part> Generations::load_part(const Manifest::Entry& entry) const {
  store::Env& env = directory_->env();
  auto file = Generation::open(env, directory_->path_of(entry.generation, generation_suffix),
                               format_->kind());
  if (!file) return std::unexpected(std::move(file.error()));
  auto contents = format_->open(std::move(*file));
  if (!contents) return std::unexpected(std::move(contents.error()));
  Part part(std::move(*contents));
  part.number = entry.generation;
  if (entry.tombstones == 0) return part;

  auto tombstones_file = Generation::open(
      env, directory_->path_of(entry.tombstones, tombstones_suffix), tombstones_kind);
  if (!tombstones_file) return std::unexpected(std::move(tombstones_file.error()));
  auto tombstones = Tombstones::read(*tombstones_file, part.visible);
  if (!tombstones) return std::unexpected(std::move(tombstones.error()));
  part.tombstones = std::make_shared<Tombstones>(std::move(*tombstones));
  part.tombstones_number = entry.tombstones;
  part.saved_tombstones = part.tombstones->count();
  part.tombstones_file = std::move(*tombstones_file);
  return part;
}

void Generations::publish(std::shared_ptr<const Snapshot> next) {
  // The old one is let go after the lock: it may be the last to hold large generations.
  auto access = snapshot_.lock();
  access->swap(next);
}

IndexStatus Generations::status() const {
  const auto seen = snapshot();
  IndexStatus status;
  status.sequence = seen->sequence;
  status.covered = covered_;
  status.bytes_written = bytes_written_;
  for (const Part& part : seen->parts) {
    const bool in_memory = part.is_in_memory();
    status.live += part.live();
    status.gone += part.tombstones->count();
    (in_memory ? status.generations_in_memory : status.generations_on_disk) += 1;
    (in_memory ? status.bytes_in_memory : status.bytes_on_disk) += part.contents->bytes();
    if (part.tombstones_file) status.bytes_on_disk += part.tombstones_file->size();
  }
  status.trust = seen->trust();
  return status;
}

void Generations::unload() const {
  const auto seen = snapshot();
  for (const Part& part : seen->parts) {
    if (const Generation* file = part.contents->backing()) file->unload();
    if (part.tombstones_file) part.tombstones_file->unload();
  }
}

Result<void> Generations::commit(std::uint64_t sequence,
                                 std::span<const Key> changed,
                                 const Add& add) {
  const std::lock_guard lock(changing_);
  auto next = std::make_shared<Snapshot>(*snapshot());
  for (Part& part : next->parts) {
    std::vector<std::uint32_t> gone;
    for (const Key key : changed) {
      if (const auto older = part.find(key)) gone.push_back(*older);
    }
    part.bury(gone);
  }
  // What has nothing left goes, unless the manifest names it, or soon will.
  std::erase_if(next->parts, [this](const Part& part) {
    return part.is_in_memory() && part.live() == 0 && !is_held(held_, part);
  });
  if (auto added = add(next->parts, held_); !added) return added;
  next->sequence = sequence;
  publish(std::move(next));
  return {};
}

Result<bool> Generations::maintain(const std::stop_token& stop) {
  const std::lock_guard lock(maintenance_);
  leave_out_damaged();
  Rewrite work = begin([this](const Snapshot& now) { return format_->choose(now); });
  if (work.chosen.empty()) return false;
  if (auto done = politely([&] { return run(work, stop); }); !done) {
    return std::unexpected(std::move(done.error()));
  }
  return true;
}

Result<void> Generations::flush(const std::stop_token& stop) {
  const std::lock_guard lock(maintenance_);
  leave_out_damaged();
  Rewrite work = begin(in_memory);
  const bool is_saved = work.chosen.empty() && std::ranges::all_of(work.kept, [](const Part& part) {
                          return part.tombstones->count() == part.saved_tombstones;
                        });
  if (is_saved && work.from->sequence == covered_) return {};
  return run(work, stop);
}

template <typename Choose>
Generations::Rewrite Generations::begin(Choose choose) {
  const std::lock_guard lock(changing_);
  Rewrite work{.from = snapshot(), .covers_all = true};
  const std::vector<Part>& parts = work.from->parts;
  const std::vector<std::size_t> chosen = choose(*work.from);
  held_.clear();
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (std::ranges::count(chosen, i) != 0) {
      work.chosen.push_back(parts[i]);
      held_.push_back(parts[i].contents.get());
    } else if (parts[i].is_in_memory()) {
      work.covers_all = false;
    } else {
      work.kept.push_back(parts[i]);
    }
  }
  return work;
}

Result<void> Generations::run(Rewrite& work, const std::stop_token& stop) {
  auto done = rewrite(work, stop);
  {
    const std::lock_guard lock(changing_);
    held_.clear();
    if (done) install(work);
  }
  if (!done) leave_out_damaged();
  return done;
}

Result<void> Generations::rewrite(Rewrite& work, const std::stop_token& stop) {
  // What is read must be known to be sound, or it would give damage a new checksum.
  for (const Part& part : work.chosen) {
    if (auto sound = part.verify(stop); !sound) return sound;
  }
  auto manifest = write_files(work, stop);
  if (!manifest) return std::unexpected(std::move(manifest.error()));
  if (auto done = directory_->commit(*manifest); !done) return done;
  covered_ = manifest->sequence;
  return {};
}

Result<Manifest> Generations::write_files(Rewrite& work, const std::stop_token& stop) {
  Manifest manifest;
  for (Part& part : work.kept) {
    if (auto done = save_tombstones(part, work.from->sequence, stop); !done) {
      return std::unexpected(std::move(done.error()));
    }
    manifest.entries.push_back({part.number, part.tombstones_number});
  }
  // A generation that could not be read is named still: its loss is to be noticed at every
  // opening until the index is made anew.
  for (const Manifest::Entry& entry : directory_->manifest().entries) {
    const auto is_it = [&](const Part& part) { return part.number == entry.generation; };
    if (std::ranges::none_of(work.from->parts, is_it)) manifest.entries.push_back(entry);
  }
  if (std::ranges::any_of(work.chosen, [](const Part& part) { return part.live() != 0; })) {
    auto part = write_generation(work, stop);
    if (!part) return std::unexpected(std::move(part.error()));
    work.written = std::move(*part);
    manifest.entries.push_back({work.written->number, 0});
  }
  manifest.sequence = work.covers_all ? work.from->sequence : covered_.load();
  return manifest;
}

Result<Part> Generations::write_generation(const Rewrite& work, const std::stop_token& stop) {
  const std::uint64_t number = directory_->next_number();
  const std::string path = directory_->path_of(number, generation_suffix);
  auto file = write_file(
      path, format_->kind(), work.from->sequence,
      [&](GenerationWriter& writer) { return format_->write(work.chosen, writer, stop); }, stop);
  if (!file) return std::unexpected(std::move(file.error()));
  auto contents = format_->open(std::move(*file));
  if (!contents) {
    (void)directory_->env().unlink(path);
    return std::unexpected(std::move(contents.error()));
  }
  Part part(std::move(*contents));
  part.number = number;
  return part;
}

Result<void> Generations::save_tombstones(Part& part,
                                          std::uint64_t sequence,
                                          const std::stop_token& stop) {
  if (part.tombstones->count() == part.saved_tombstones) return {};
  const std::uint64_t number = directory_->next_number();
  auto saved = write_file(
      directory_->path_of(number, tombstones_suffix), tombstones_kind, sequence,
      [&](GenerationWriter& writer) -> Result<void> {
        part.tombstones->write(writer);
        return {};
      },
      stop);
  if (!saved) return std::unexpected(std::move(saved.error()));
  part.tombstones_number = number;
  part.saved_tombstones = part.tombstones->count();
  part.tombstones_file = std::move(*saved);
  return {};
}

// A synced file, read back from what the disk has before anything depends on it.
template <typename Write>
Result<std::shared_ptr<const Generation>> Generations::write_file(const std::string& path,
                                                                  FileKind kind,
                                                                  std::uint64_t sequence,
                                                                  Write write,
                                                                  const std::stop_token& stop) {
  store::Env& env = directory_->env();
  const auto attempt = [&]() -> Result<std::shared_ptr<const Generation>> {
    auto file = env.create(path, file_mode);
    if (!file) return std::unexpected(std::move(file.error()));
    GenerationWriter writer(**file, kind, GenerationWriter::page_size);
    auto done = write(writer);
    if (done) done = writer.finish(sequence);
    if (!done) return std::unexpected(std::move(done.error()));
    auto written = Generation::open(env, path, kind);
    if (!written) return written;
    bytes_written_ += (*written)->size();
    if (auto sound = (*written)->verify(stop); !sound) {
      return std::unexpected(std::move(sound.error()));
    }
    return written;
  };
  auto written = attempt();
  if (!written) (void)env.unlink(path);  // nobody names it; what stays goes at the next opening
  return written;
}

// Puts what was written into the snapshot of now, which may have changed meanwhile.
void Generations::install(const Rewrite& work) {
  auto next = std::make_shared<Snapshot>(*snapshot());
  std::vector<std::uint32_t> gone;  // of what was written: deleted while it was being written
  for (const Part& before : work.chosen) {
    const auto now = find_same(next->parts, before);
    if (work.written) {
      for (const std::uint32_t entry : now->tombstones->added_since(*before.tombstones)) {
        const auto there = work.written->contents->find(before.contents->key(entry));
        if (there) gone.push_back(*there);
      }
    }
    next->parts.erase(now);
  }
  for (Part& part : next->parts) {
    const auto saved = find_same(work.kept, part);
    if (saved == work.kept.end()) continue;
    part.tombstones_number = saved->tombstones_number;
    part.saved_tombstones = saved->saved_tombstones;
    part.tombstones_file = saved->tombstones_file;
  }
  if (work.written) {
    next->parts.push_back(*work.written);
    next->parts.back().bury(gone);
  }
  publish(std::move(next));
}

Result<void> Generations::verify(const std::stop_token& stop) {
  const auto seen = snapshot();
  Result<void> first_damage;
  for (const Part& part : seen->parts) {
    auto sound = part.verify(stop);
    if (sound) continue;
    if (sound.error().code == Errc::cancelled) return sound;
    if (first_damage) first_damage = std::move(sound);
  }
  leave_out_damaged();
  return first_damage;
}

// What is held stays until it is let go: its successor needs to know what was deleted of it.
void Generations::leave_out_damaged() {
  const std::lock_guard lock(changing_);
  auto next = std::make_shared<Snapshot>(*snapshot());
  const auto left_out = std::erase_if(next->parts, [this](const Part& part) {
    return part.trust() == Trust::damaged && !is_held(held_, part);
  });
  if (left_out == 0) return;
  next->is_degraded = true;
  publish(std::move(next));
}

}  // namespace hearth::search
