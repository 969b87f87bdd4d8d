// Writing generations, merging them, and looking for damage.
#include <algorithm>
#include <optional>
#include <utility>

#include "search/polite.hpp"
#include "search/vector/index.hpp"
#include "search/vector/segment_writer.hpp"

namespace hearth::search::vector {
namespace {

constexpr mode_t file_mode = 0600;

// What a merge reads must be known to be sound, or it would give damage a new checksum.
Result<void> verify_part(const Part& part, const std::stop_token& stop) {
  if (part.is_in_memory()) return {};
  for (const Generation* file : {&part.segment->generation(), part.tombstones_file.get()}) {
    if (file == nullptr || file->trust() == Trust::verified) continue;
    if (auto sound = file->verify(stop); !sound) return sound;
  }
  return {};
}

std::vector<Part>::const_iterator find_part(const std::vector<Part>& parts, const Part& part) {
  return std::ranges::find_if(parts, [&](const Part& each) { return each.is_same(part); });
}

}  // namespace

struct Index::Rewrite {
  std::shared_ptr<const Snapshot> from;
  std::vector<Part> chosen;
  std::vector<Part> kept;  // the others that are on disk
  bool covers_all = false;
  std::optional<Part> written;  // none when all that was chosen is gone
};

Result<bool> Index::maintain(const std::stop_token& stop) {
  const std::lock_guard lock(maintenance_);
  leave_out_damaged();
  Rewrite work = begin_rewrite(false);
  if (work.chosen.empty()) return false;
  const auto done = politely([&] { return rewrite(std::move(work), stop); });
  if (!done) return std::unexpected(done.error());
  return true;
}

Result<void> Index::flush(const std::stop_token& stop) {
  const std::lock_guard lock(maintenance_);
  leave_out_damaged();
  if (snapshot()->sequence == covered_) return {};
  return rewrite(begin_rewrite(true), stop);
}

MergePolicy Index::policy() const {
  MergePolicy policy = options_.on_disk;
  const std::size_t block = layout_for(schema_.dimensions, 8, options_.build.graph.degree).stride();
  const std::uint64_t of_vector = block + sizeof(const float*) + 2 * sizeof(Key);
  policy.largest = std::min(policy.largest, options_.merge_bytes / of_vector);
  return policy;
}

// Everything in memory when there is enough of it, or what the policy says of the rest. With what
// is in memory goes what is on disk and of the smallest tier: there is one such generation at most,
// then, and a vector is in it a few times before it gets to one that stays.
Index::Rewrite Index::begin_rewrite(bool is_flush) {
  const std::lock_guard lock(writing_mutex_);
  Rewrite work{.from = snapshot()};
  const std::vector<Part>& parts = work.from->parts;
  std::uint64_t in_memory = 0;
  std::vector<const Part*> on_disk;
  std::vector<GenerationSize> sizes;
  for (const Part& part : parts) {
    if (part.is_in_memory()) {
      in_memory += part.visible;
    } else {
      on_disk.push_back(&part);
      sizes.push_back({part.visible, part.tombstones->count()});
    }
  }
  const bool writes_memory = is_flush || in_memory >= options_.most_in_memory;
  if (writes_memory) {
    std::ranges::copy_if(parts, std::back_inserter(work.chosen), &Part::is_in_memory);
    delta_.reset();  // what comes now goes to another
    for (const Part* part : on_disk) {
      if (!is_flush && part->live() < options_.on_disk.smallest_tier) work.chosen.push_back(*part);
    }
  } else {
    for (const std::size_t i : policy().pick(sizes)) work.chosen.push_back(*on_disk[i]);
  }
  for (const Part* part : on_disk) {
    if (find_part(work.chosen, *part) == work.chosen.end()) work.kept.push_back(*part);
  }
  work.covers_all = writes_memory || in_memory == 0;
  return work;
}

// The manifest comes last: until it is in place, everything that it will replace is still there.
Result<void> Index::rewrite(Rewrite work, const std::stop_token& stop) {
  for (const Part& part : work.chosen) {
    if (auto sound = verify_part(part, stop); !sound) {
      leave_out_damaged();
      return sound;
    }
  }
  auto manifest = write_files(work, stop);
  if (!manifest) return std::unexpected(std::move(manifest.error()));
  if (auto done = directory_->commit(*manifest); !done) return done;
  covered_ = manifest->sequence;
  install(work);
  return {};
}

Result<Manifest> Index::write_files(Rewrite& work, const std::stop_token& stop) {
  Manifest manifest;
  for (Part& part : work.kept) {
    if (auto done = save_tombstones(part, work.from->sequence); !done) {
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

Result<Part> Index::write_generation(const Rewrite& work, const std::stop_token& stop) {
  std::vector<const float*> vectors;  // where they are: in memory or in mapped files
  std::vector<Key> keys;
  for (const Part& part : work.chosen) {
    for (NodeId node = 0; node < part.visible; ++node) {
      if (part.tombstones->contains(node)) continue;
      vectors.push_back(part.store().vector(node));
      keys.push_back(part.store().key(node));
    }
  }
  const auto graph = build_graph(space_of(schema_.metric, schema_.dimensions, vectors), vectors,
                                 options_.build, stop);
  if (!graph) return std::unexpected(graph.error());

  store::Env& env = directory_->env();
  const std::uint64_t number = directory_->next_number();
  const std::string path = directory_->path_of(number, generation_suffix);
  const auto write = [&]() -> Result<std::shared_ptr<const Segment>> {
    auto file = env.create(path, file_mode);
    if (!file) return std::unexpected(std::move(file.error()));
    GenerationWriter writer(**file, segment_kind, GenerationWriter::page_size);
    auto done = write_segment(**graph, keys, options_.code_bits, writer, stop);
    if (done) done = writer.finish(work.from->sequence);
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

// Puts what was written into the snapshot of now, which may have changed meanwhile.
void Index::install(const Rewrite& work) {
  const std::lock_guard lock(writing_mutex_);
  auto next = std::make_shared<Snapshot>(*snapshot());
  if (work.written) {
    Part written = *work.written;
    written.bury(gone_meanwhile(work, *next));
    next->parts.push_back(std::move(written));
  }
  std::erase_if(next->parts, [&](const Part& part) {
    return find_part(work.chosen, part) != work.chosen.end();
  });
  for (Part& part : next->parts) {
    const auto saved = find_part(work.kept, part);
    if (saved == work.kept.end()) continue;
    part.tombstones_number = saved->tombstones_number;
    part.saved_tombstones = saved->saved_tombstones;
    part.tombstones_file = saved->tombstones_file;
  }
  publish(std::move(next));
}

// The nodes of the written part that were deleted while it was being written.
std::vector<NodeId> Index::gone_meanwhile(const Rewrite& work, const Snapshot& now) {
  std::vector<NodeId> gone;
  const auto forget = [&](const Part& part, NodeId node) {
    const auto there = work.written->segment->find(part.store().key(node));
    if (there) gone.push_back(*there);
  };
  for (const Part& before : work.chosen) {
    const auto after = find_part(now.parts, before);
    if (after != now.parts.end()) {
      for (const NodeId node : after->tombstones->added_since(*before.tombstones)) {
        forget(before, node);
      }
      continue;
    }
    // Nothing was left of it.
    for (NodeId node = 0; node < before.visible; ++node) {
      if (!before.tombstones->contains(node)) forget(before, node);
    }
  }
  return gone;
}

Result<void> Index::verify(const std::stop_token& stop) {
  const auto seen = snapshot();
  Result<void> first_damage;
  for (const Part& part : seen->parts) {
    auto sound = verify_part(part, stop);
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

}  // namespace hearth::search::vector
