// Writing generations, merging them, and looking for damage.
#include <algorithm>
#include <optional>
#include <utility>

#include "search/text/index.hpp"
#include "search/text/segment_merge.hpp"

namespace hearth::search::text {
namespace {

constexpr mode_t file_mode = 0600;

std::vector<std::size_t> in_memory(const Snapshot& snapshot) {
  std::vector<std::size_t> indexes;
  for (std::size_t i = 0; i < snapshot.parts.size(); ++i) {
    if (snapshot.parts[i].is_in_memory()) indexes.push_back(i);
  }
  return indexes;
}

std::uint64_t bytes_of(const Snapshot& snapshot, const std::vector<std::size_t>& indexes) {
  std::uint64_t sum = 0;
  for (const std::size_t i : indexes) sum += snapshot.parts[i].segment->generation().size();
  return sum;
}

// What a merge reads must be known to be sound, or it would give damage a new checksum.
Result<void> verify_inputs(const Snapshot& snapshot,
                           const std::vector<std::size_t>& indexes,
                           const std::stop_token& stop) {
  for (const std::size_t i : indexes) {
    const Part& part = snapshot.parts[i];
    for (const Generation* file : {&part.segment->generation(), part.tombstones_file.get()}) {
      if (file == nullptr || file->trust() == Trust::verified) continue;
      if (auto sound = file->verify(stop); !sound) return sound;
    }
  }
  return {};
}

}  // namespace

std::vector<std::size_t> Index::choose_waiting(const Snapshot& from) const {
  std::vector<std::size_t> memory = in_memory(from);
  if (!memory.empty() && bytes_of(from, memory) >= options_.memory_bytes) return memory;
  std::vector<std::size_t> on_disk;
  std::vector<GenerationSize> sizes;
  for (std::size_t i = 0; i < from.parts.size(); ++i) {
    const Part& part = from.parts[i];
    if (part.is_in_memory()) continue;
    on_disk.push_back(i);
    sizes.push_back({part.segment->documents(), part.tombstones->count()});
  }
  std::vector<std::size_t> chosen;
  for (const std::size_t each : options_.on_disk.pick(sizes)) chosen.push_back(on_disk[each]);
  return chosen;
}

// The snapshot to start from, with what is chosen of it held as it is until end_writing: what was
// merged or left out in between would come back.
template <typename Choose>
std::shared_ptr<const Snapshot> Index::begin_writing(Choose choose,
                                                     std::vector<std::size_t>& chosen) {
  const std::lock_guard lock(writing_mutex_);
  auto from = snapshot();
  chosen = choose(*from);
  for (const std::size_t i : chosen) being_written_.push_back(from->parts[i].segment.get());
  return from;
}

void Index::end_writing() {
  const std::lock_guard lock(writing_mutex_);
  being_written_.clear();
}

Result<bool> Index::maintain(const std::stop_token& stop) {
  const std::lock_guard lock(maintenance_);
  leave_out_damaged();
  std::vector<std::size_t> chosen;
  const auto from = begin_writing([&](const Snapshot& now) { return choose_waiting(now); }, chosen);
  if (chosen.empty()) return false;
  auto done = write_parts(*from, chosen, stop);
  end_writing();
  if (!done) return std::unexpected(std::move(done.error()));
  return true;
}

Result<void> Index::flush(const std::stop_token& stop) {
  const std::lock_guard lock(maintenance_);
  leave_out_damaged();
  std::vector<std::size_t> chosen;
  const auto from = begin_writing(in_memory, chosen);
  const bool is_saved = std::ranges::all_of(from->parts, [](const Part& part) {
    return !part.is_in_memory() && part.tombstones->count() == part.saved_tombstones;
  });
  if (is_saved && from->sequence == covered_) return {};
  auto done = write_parts(*from, chosen, stop);
  end_writing();
  return done;
}

// Replaces the chosen parts of a snapshot by one on disk. The manifest comes last: until it is in
// place, everything that it will replace is still there.
Result<void> Index::write_parts(const Snapshot& from,
                                const std::vector<std::size_t>& chosen,
                                const std::stop_token& stop) {
  if (auto sound = verify_inputs(from, chosen, stop); !sound) {
    leave_out_damaged();
    return sound;
  }
  std::vector<Part> saved;  // the other parts that are on disk
  bool covers_all = true;
  for (std::size_t i = 0; i < from.parts.size(); ++i) {
    if (std::ranges::count(chosen, i) != 0) continue;
    if (from.parts[i].is_in_memory()) {
      covers_all = false;
      continue;
    }
    saved.push_back(from.parts[i]);
    if (auto done = save_tombstones(saved.back(), from.sequence); !done) return done;
  }
  std::optional<Part> written;
  std::uint64_t live = 0;
  for (const std::size_t i : chosen) live += from.parts[i].live();
  if (live != 0) {
    auto part = write_generation(from, chosen, stop);
    if (!part) return std::unexpected(std::move(part.error()));
    written.emplace(std::move(*part));
  }
  Manifest manifest = manifest_of(from, saved);
  if (written) manifest.entries.push_back({written->number, 0});
  manifest.sequence = covers_all ? from.sequence : covered_.load();
  if (auto done = directory_->commit(manifest); !done) return done;
  covered_ = manifest.sequence;
  install(from, chosen, saved, written ? &*written : nullptr);
  return {};
}

// Of what stays as it is. A generation that could not be read is named still: its loss is to be
// noticed at every opening until the index is made anew.
Manifest Index::manifest_of(const Snapshot& from, const std::vector<Part>& saved) const {
  Manifest manifest;
  for (const Part& part : saved) {
    manifest.entries.push_back({part.number, part.tombstones_number});
  }
  for (const Manifest::Entry& entry : directory_->manifest().entries) {
    const auto is_it = [&](const Part& part) { return part.number == entry.generation; };
    if (std::ranges::none_of(from.parts, is_it)) manifest.entries.push_back(entry);
  }
  return manifest;
}

Result<Part> Index::write_generation(const Snapshot& from,
                                     const std::vector<std::size_t>& chosen,
                                     const std::stop_token& stop) {
  std::vector<MergeInput> inputs;
  for (const std::size_t i : chosen) {
    inputs.push_back({from.parts[i].segment, from.parts[i].tombstones});
  }
  store::Env& env = directory_->env();
  const std::uint64_t number = directory_->next_number();
  const std::string path = directory_->path_of(number, generation_suffix);
  const auto write = [&]() -> Result<std::shared_ptr<const Segment>> {
    auto file = env.create(path, file_mode);
    if (!file) return std::unexpected(std::move(file.error()));
    GenerationWriter writer(**file, segment_kind, GenerationWriter::page_size);
    auto done = merge_segments(inputs, writer, stop);
    if (done) done = writer.finish(from.sequence);
    if (!done) return std::unexpected(std::move(done.error()));
    auto generation = Generation::open(env, path, segment_kind);
    if (!generation) return std::unexpected(std::move(generation.error()));
    bytes_written_ += (*generation)->size();
    // Once more from what the disk has, before anything depends on it.
    if (auto sound = (*generation)->verify(stop); !sound) {
      return std::unexpected(std::move(sound.error()));
    }
    return Segment::open(std::move(*generation));
  };
  auto segment = write();
  if (!segment) {
    (void)env.unlink(path);  // nobody names it; what stays goes at the next opening
    return std::unexpected(std::move(segment.error()));
  }
  Part part(std::move(*segment));
  part.number = number;
  return part;
}

Result<void> Index::save_tombstones(Part& part, std::uint64_t sequence) {
  if (part.tombstones->count() == part.saved_tombstones) return {};
  store::Env& env = directory_->env();
  const std::uint64_t number = directory_->next_number();
  const std::string path = directory_->path_of(number, tombstones_suffix);
  const auto write = [&]() -> Result<std::shared_ptr<const Generation>> {
    auto file = env.create(path, file_mode);
    if (!file) return std::unexpected(std::move(file.error()));
    GenerationWriter writer(**file, tombstones_kind, GenerationWriter::page_size);
    part.tombstones->write(writer);
    if (auto done = writer.finish(sequence); !done) return std::unexpected(std::move(done.error()));
    auto saved = Generation::open(env, path, tombstones_kind);
    if (!saved) return std::unexpected(std::move(saved.error()));
    if (auto sound = (*saved)->verify({}); !sound) return std::unexpected(std::move(sound.error()));
    bytes_written_ += (*saved)->size();
    return saved;
  };
  auto saved = write();
  if (!saved) {
    (void)env.unlink(path);
    return std::unexpected(std::move(saved.error()));
  }
  part.tombstones_number = number;
  part.saved_tombstones = part.tombstones->count();
  part.tombstones_file = std::move(*saved);
  return {};
}

// Puts what was written into the snapshot of now, which may have changed since `from`.
void Index::install(const Snapshot& from,
                    const std::vector<std::size_t>& chosen,
                    const std::vector<Part>& saved,
                    const Part* written) {
  const std::lock_guard lock(writing_mutex_);
  auto next = std::make_shared<Snapshot>(*snapshot());
  std::vector<DocId> gone;  // of the written part: deleted while it was being written
  std::vector<Part> parts;
  for (Part& part : next->parts) {
    const auto before = std::ranges::find(from.parts, part.segment, &Part::segment);
    const auto index = static_cast<std::size_t>(before - from.parts.begin());
    const bool is_chosen = std::ranges::count(chosen, index) != 0;
    if (is_chosen) {
      if (written == nullptr) continue;
      for (const DocId document : part.tombstones->added_since(*before->tombstones)) {
        const auto there = written->segment->find(part.segment->key(document));
        if (there) gone.push_back(*there);
      }
      continue;
    }
    const auto on_disk = std::ranges::find(saved, part.segment, &Part::segment);
    if (on_disk != saved.end()) {
      part.tombstones_number = on_disk->tombstones_number;
      part.saved_tombstones = on_disk->saved_tombstones;
      part.tombstones_file = on_disk->tombstones_file;
    }
    parts.push_back(std::move(part));
  }
  if (written != nullptr) {
    Part part = *written;
    part.bury(gone);
    parts.push_back(std::move(part));
  }
  next->parts = std::move(parts);
  publish(std::move(next));
}

Result<void> Index::verify(const std::stop_token& stop) {
  const auto seen = snapshot();
  Result<void> first_damage;
  for (std::size_t i = 0; i < seen->parts.size(); ++i) {
    auto sound = verify_inputs(*seen, {i}, stop);
    if (sound) continue;
    if (sound.error().code == Errc::cancelled) return sound;
    if (first_damage) first_damage = std::move(sound);
  }
  leave_out_damaged();
  return first_damage;
}

void Index::leave_out_damaged() {
  const std::lock_guard lock(writing_mutex_);
  const auto before = snapshot();
  auto next = std::make_shared<Snapshot>(*before);
  std::erase_if(next->parts, [](const Part& part) { return part.trust() == Trust::damaged; });
  if (next->parts.size() == before->parts.size()) return;
  next->is_degraded = true;
  publish(std::move(next));
}

}  // namespace hearth::search::text
