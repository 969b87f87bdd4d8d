// One immutable file of an index: sections of bytes, mapped and used in place.
//
// docs/formats/generation.md has the layout. What is inside the sections is the business of the
// index that they belong to (text/, vector/). Opening reads the first bytes and the table at
// the end, however large the file is. The sections' checksums are for `verify`, which reads
// everything and is run in the background; until then the contents are `unverified`, and whoever
// reads them bounds every offset and id.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "store/env.hpp"

namespace hearth::search {

// What a file is for, and which version of that. A program reads the versions it knows and refuses
// others.
struct FileKind {
  std::uint32_t name = 0;  // four letters: file_kind("text", 1)
  std::uint32_t version = 0;
  friend bool operator==(const FileKind&, const FileKind&) = default;
};
[[nodiscard]] constexpr FileKind file_kind(const char (&name)[5], std::uint32_t version) {
  std::uint32_t word = 0;
  for (unsigned i = 0; i < 4; ++i) {
    word |= static_cast<std::uint32_t>(static_cast<unsigned char>(name[i])) << (8 * i);
  }
  return {word, version};
}

enum class Trust : std::uint8_t { unverified, verified, damaged };

// Thread-safe: immutable but for its trust, which only gets worse once `damaged`.
class Generation final {
 public:
  // `damaged` for what is cut short, changed or no generation at all, `unsupported` for one of
  // another kind or a newer program; the message says which.
  [[nodiscard]] static Result<std::shared_ptr<const Generation>> open(store::Env& env,
                                                                      const std::string& path,
                                                                      FileKind kind);
  // The same of bytes that this process has just written: verified from the start.
  [[nodiscard]] static Result<std::shared_ptr<const Generation>> of_bytes(std::string bytes,
                                                                          FileKind kind);

  // Empty if there is none of this id.
  [[nodiscard]] std::string_view section(std::uint32_t id) const;
  // The last change that is in it, by its index's count.
  [[nodiscard]] std::uint64_t sequence() const { return sequence_; }
  [[nodiscard]] std::uint64_t size() const { return bytes_.size(); }

  [[nodiscard]] Trust trust() const {
    if (file_ && file_->is_cut()) report_damage();
    return trust_.load(std::memory_order_relaxed);
  }
  // Reads all of it against its checksums. `damaged` names the section, `cancelled` leaves the
  // trust as it was.
  [[nodiscard]] Result<void> verify(const std::stop_token& stop) const;
  // Gives back the memory of its file: what is read next is fetched again.
  void unload() const {
    if (file_) file_->unload(0, bytes_.size());
  }
  // A reader met what cannot be.
  void report_damage() const { trust_.store(Trust::damaged, std::memory_order_relaxed); }

 private:
  struct Section {
    std::uint32_t id;
    std::uint32_t checksum;
    std::uint64_t offset;
    std::uint64_t size;
  };
  Generation() = default;
  [[nodiscard]] Result<void> read_table(FileKind kind);

  std::string path_;  // for messages
  std::unique_ptr<store::MappedFile> file_;
  std::string memory_;  // instead of a file
  std::string_view bytes_;
  std::vector<Section> sections_;
  std::uint64_t sequence_ = 0;
  mutable std::atomic<Trust> trust_ = Trust::unverified;
};

// Writes one, section after section. Errors are kept until `finish`, so that whoever produces bytes
// need not look after each of them.
class GenerationWriter final {
 public:
  // Sections begin at multiples of `alignment`, a power of two: page_size in files.
  GenerationWriter(store::WritableFile& file, FileKind kind, std::size_t alignment);

  void begin_section(std::uint32_t id);
  void append(std::string_view bytes);
  [[nodiscard]] std::uint64_t section_size() const { return written_ - sections_.back().offset; }
  [[nodiscard]] bool has_failed() const { return !status_.has_value(); }
  // Writes the table and syncs the file.
  [[nodiscard]] Result<void> finish(std::uint64_t sequence);

  static constexpr std::size_t page_size = 4096;

 private:
  struct Section {
    std::uint32_t id;
    std::uint32_t checksum;
    std::uint64_t offset;
    std::uint64_t size;
  };
  void write(std::string_view bytes);
  void end_section();
  void flush();

  store::WritableFile& file_;
  const FileKind kind_;
  const std::size_t alignment_;
  std::string buffer_;
  std::uint64_t written_ = 0;
  std::vector<Section> sections_;
  bool is_in_section_ = false;
  Result<void> status_;
};

// A file that is a string, for what never goes to disk.
class MemoryFile final : public store::WritableFile {
 public:
  Result<void> append(std::string_view bytes) override {
    bytes_.append(bytes);
    return {};
  }
  Result<void> sync() override { return {}; }
  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

}  // namespace hearth::search
