// The part of CBOR (RFC 8949) that the issue log is made of: unsigned integers, byte strings,
// texts, arrays and null. Written in the one deterministic form (§4.2.1); read in every valid form,
// also by parts and with tags, as other writers may have it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace hearth::packs::issues {

void append_cbor_unsigned(std::string& out, std::uint64_t value);
void append_cbor_bytes(std::string& out, std::string_view content);
void append_cbor_text(std::string& out, std::string_view content);
void append_cbor_array(std::string& out, std::uint64_t count);  // its items follow
void append_cbor_null(std::string& out);

// Reads items one after the other. The first thing that does not fit ends it: from then on
// everything reads as empty, and error() says what was wrong. Never reads beyond the bytes, nor
// takes more memory than they have.
class CborReader final {
 public:
  // An array whose items are being read. A count, or open until its end is found.
  struct Array {
    std::optional<std::uint64_t> left;
  };

  explicit CborReader(std::string_view bytes) : bytes_(bytes) {}

  [[nodiscard]] std::uint64_t read_unsigned();
  [[nodiscard]] std::string read_bytes();
  void read_bytes(std::span<std::uint8_t> to);  // of exactly this length
  template <typename Id>
  [[nodiscard]] Id read_id() {
    Id id;
    read_bytes(id.bytes);
    return id;
  }
  [[nodiscard]] std::string read_text();
  [[nodiscard]] bool take_null();  // whether the next item was null, which is then read
  [[nodiscard]] Array begin_array();
  // Whether another item follows, which must then be read.
  [[nodiscard]] bool next(Array& items);
  // Nothing else may follow: an array of another length is an error.
  void end(Array& items);
  void skip();                                            // one item of any kind
  void advance(std::size_t count) { (void)take(count); }  // bytes that another reader has read

  void fail(std::string_view why);
  [[nodiscard]] bool ok() const { return error_.empty(); }
  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] std::size_t offset() const { return at_; }

 private:
  struct Head {
    unsigned major = 7;
    bool is_open = false;     // of indefinite length
    std::uint64_t value = 0;  // number, length or count
    unsigned info = 0;
  };
  static constexpr int most_depth = 16;

  Head read_head();
  Head read_untagged_head();
  [[nodiscard]] bool take_break();
  std::string_view take(std::uint64_t count);
  std::string read_string(unsigned major);
  void skip(int depth);

  std::string_view bytes_;
  std::size_t at_ = 0;
  std::string error_;
};

}  // namespace hearth::packs::issues
