// Takes secrets out of texts: log lines, prompts, proposals, what commands print, the journal.
//
// A secret is found in all forms of encodings.hpp, also where line ends or spaces were put into it.
// What it cannot find: a secret that somebody encrypts, reverses or sends letter by letter; the
// sandbox and the scopes of vault.hpp are what keeps secrets from those who would.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hearth::secrets {

// Thread-safe. Copies share what they know.
class Redactor final {
 public:
  Redactor();
  // Values shorter than this are not looked for: they are in every text.
  static constexpr std::size_t shortest = 6;

  void add(const std::string& name, std::string_view value);
  // Each secret replaced by "[secret NAME]". Time: linear in the text for texts without near
  // misses.
  [[nodiscard]] std::string redact(std::string_view text) const;

 private:
  friend class StreamRedactor;
  struct Known;
  // Where secrets lie in `text`: their ends by beginnings, in order, apart; with the names.
  struct Found {
    std::size_t begin;
    std::size_t end;
    std::string name;
  };
  [[nodiscard]] std::vector<Found> find(std::string_view text) const;
  [[nodiscard]] std::size_t longest() const;

  std::shared_ptr<Known> known_;  // of all copies
};

// The same for a text that comes in parts: what may be the beginning of a secret is held back. One
// thread.
class StreamRedactor final {
 public:
  explicit StreamRedactor(Redactor redactor) : redactor_(std::move(redactor)) {}
  [[nodiscard]] std::string feed(std::string_view part);
  [[nodiscard]] std::string finish();

 private:
  const Redactor redactor_;
  std::string held_;
};

}  // namespace hearth::secrets
