#include "search/generation.hpp"

#include <algorithm>
#include <utility>

#include "search/bytes.hpp"
#include "search/checksum.hpp"

namespace hearth::search {
namespace {

constexpr std::string_view magic = "hearthgn";
constexpr std::uint32_t container_version = 1;
constexpr std::size_t most_sections = 64;
constexpr std::size_t write_size = 256 * 1024;
constexpr std::size_t verify_step = 1024 * 1024;  // between two looks at the stop token

struct Head {
  char magic[8];
  std::uint32_t container_version;
  std::uint32_t kind;
  std::uint32_t kind_version;
  std::uint32_t reserved;
};
static_assert(sizeof(Head) == 24);

struct TableRow {
  std::uint32_t id;
  std::uint32_t checksum;
  std::uint64_t offset;
  std::uint64_t size;
};
static_assert(sizeof(TableRow) == 24);

// The last bytes of a file. `checksum` is of the head, the rows, and the foot up to itself.
struct Foot {
  std::uint64_t sequence;
  std::uint64_t file_size;
  std::uint32_t rows;
  std::uint32_t checksum;
  char magic[8];
};
static_assert(sizeof(Foot) == 32);
constexpr std::size_t checked_foot = offsetof(Foot, checksum);

Head make_head(FileKind kind) {
  Head head{};
  magic.copy(head.magic, magic.size());
  head.container_version = container_version;
  head.kind = kind.name;
  head.kind_version = kind.version;
  return head;
}

template <typename T>
std::string_view bytes_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string letters_of(std::uint32_t kind) {
  std::string letters;
  for (unsigned i = 0; i < 4; ++i) {
    const auto letter = static_cast<char>(kind >> (8 * i));
    letters += letter >= ' ' && letter <= '~' ? letter : '?';
  }
  return letters;
}

std::unexpected<Error> damaged(const std::string& path, std::string_view what) {
  return fail(Errc::damaged, path + ": " + std::string(what), {"rebuild the index"});
}

}  // namespace

Result<std::shared_ptr<const Generation>> Generation::open(store::Env& env,
                                                           const std::string& path,
                                                           FileKind kind) {
  auto file = env.map(path);
  if (!file) return std::unexpected(std::move(file.error()));
  std::shared_ptr<Generation> opened(new Generation);
  opened->path_ = path;
  opened->file_ = std::move(*file);
  opened->bytes_ = opened->file_->bytes();
  if (auto read = opened->read_table(kind); !read) return std::unexpected(std::move(read.error()));
  return opened;
}

Result<std::shared_ptr<const Generation>> Generation::of_bytes(std::string bytes, FileKind kind) {
  std::shared_ptr<Generation> opened(new Generation);
  opened->path_ = "a generation in memory";
  opened->memory_ = std::move(bytes);
  opened->bytes_ = opened->memory_;
  if (auto read = opened->read_table(kind); !read) return std::unexpected(std::move(read.error()));
  opened->trust_ = Trust::verified;
  return opened;
}

Result<void> Generation::read_table(FileKind kind) {
  if (bytes_.size() < sizeof(Head) + sizeof(Foot)) {
    return damaged(path_, "cut short: " + std::to_string(bytes_.size()) + " bytes");
  }
  if (!bytes_.starts_with(magic)) return damaged(path_, "not a generation of an index");
  const auto head = load<Head>(bytes_);
  if (head.container_version > container_version ||
      (head.kind == kind.name && head.kind_version > kind.version)) {
    return fail(Errc::unsupported, path_ + ": written by a newer version of this program",
                {"use the newer version, or rebuild the index"});
  }
  if (head.kind != kind.name || head.kind_version != kind.version) {
    return fail(Errc::unsupported,
                path_ + ": holds " + letters_of(head.kind) + " of version " +
                    std::to_string(head.kind_version) + ", not " + letters_of(kind.name) + " of " +
                    std::to_string(kind.version),
                {"rebuild the index"});
  }
  const std::string_view foot_bytes = bytes_.substr(bytes_.size() - sizeof(Foot));
  const auto foot = load<Foot>(foot_bytes);
  if (std::string_view(foot.magic, sizeof foot.magic) != magic || foot.file_size != bytes_.size()) {
    return damaged(path_, "cut short, or longer than it was written");
  }
  const std::size_t rows_size = std::size_t{foot.rows} * sizeof(TableRow);
  if (foot.rows > most_sections || rows_size > bytes_.size() - sizeof(Head) - sizeof(Foot)) {
    return damaged(path_, "its table of sections is damaged");
  }
  const std::string_view rows = bytes_.substr(bytes_.size() - sizeof(Foot) - rows_size, rows_size);
  const std::uint32_t checksum =
      crc32c(foot_bytes.substr(0, checked_foot), crc32c(rows, crc32c(bytes_of(head))));
  if (checksum != foot.checksum) return damaged(path_, "its table of sections is damaged");
  for (std::size_t i = 0; i < foot.rows; ++i) {
    const auto row = load<TableRow>(rows.data() + i * sizeof(TableRow));
    if (!slice(bytes_, row.offset, row.size)) {
      return damaged(path_, "a section lies outside of it");
    }
    sections_.push_back({row.id, row.checksum, row.offset, row.size});
  }
  sequence_ = foot.sequence;
  return {};
}

std::string_view Generation::section(std::uint32_t id) const {
  for (const Section& each : sections_) {
    if (each.id == id) return bytes_.substr(each.offset, each.size);
  }
  return {};
}

Result<void> Generation::verify(const std::stop_token& stop) const {
  for (const Section& each : sections_) {
    const std::string_view bytes = bytes_.substr(each.offset, each.size);
    std::uint32_t checksum = 0;
    for (std::size_t at = 0; at < bytes.size(); at += verify_step) {
      if (stop.stop_requested()) return fail(Errc::cancelled, "verify " + path_ + ": stopped");
      // All of a file in memory, for having looked at it once, would be a bad bargain.
      const std::size_t offset = each.offset + at;
      if (file_) file_->read_ahead(offset, std::min(verify_step, bytes.size() - at));
      checksum = crc32c(bytes.substr(at, verify_step), checksum);
      if (file_) file_->unload(offset, std::min(verify_step, bytes.size() - at));
    }
    if (checksum != each.checksum) {
      report_damage();
      return damaged(path_, "section " + std::to_string(each.id) + " fails its checksum");
    }
  }
  // A reader may have found by itself what no checksum can tell: damaged stays damaged.
  Trust expected = Trust::unverified;
  trust_.compare_exchange_strong(expected, Trust::verified);
  if (trust() == Trust::damaged) return damaged(path_, "its contents contradict themselves");
  return {};
}

GenerationWriter::GenerationWriter(store::WritableFile& file, FileKind kind, std::size_t alignment)
    : file_(file), kind_(kind), alignment_(alignment) {
  write(bytes_of(make_head(kind)));
}

void GenerationWriter::begin_section(std::uint32_t id) {
  end_section();
  const std::size_t rest = static_cast<std::size_t>(written_ % alignment_);
  if (rest != 0) write(std::string(alignment_ - rest, '\0'));
  sections_.push_back({id, 0, written_, 0});
  is_in_section_ = true;
}

void GenerationWriter::append(std::string_view bytes) {
  Section& section = sections_.back();
  section.checksum = crc32c(bytes, section.checksum);
  write(bytes);
}

void GenerationWriter::end_section() {
  if (is_in_section_) sections_.back().size = section_size();
  is_in_section_ = false;
}

void GenerationWriter::write(std::string_view bytes) {
  written_ += bytes.size();
  if (has_failed()) return;
  buffer_.append(bytes);
  if (buffer_.size() >= write_size) flush();
}

void GenerationWriter::flush() {
  if (has_failed() || buffer_.empty()) return;
  status_ = file_.append(buffer_);
  buffer_.clear();
}

Result<void> GenerationWriter::finish(std::uint64_t sequence) {
  end_section();
  std::string rows;
  for (const Section& each : sections_) {
    append_fixed(rows, TableRow{each.id, each.checksum, each.offset, each.size});
  }
  Foot foot{};
  foot.sequence = sequence;
  foot.file_size = written_ + rows.size() + sizeof foot;
  foot.rows = static_cast<std::uint32_t>(sections_.size());
  magic.copy(foot.magic, magic.size());
  foot.checksum = crc32c(bytes_of(foot).substr(0, checked_foot),
                         crc32c(rows, crc32c(bytes_of(make_head(kind_)))));
  write(rows);
  write(bytes_of(foot));
  flush();
  if (!has_failed()) status_ = file_.sync();
  return status_;
}

}  // namespace hearth::search
