// Load on the knowledge pack that can be audited: every text is unique, and who was told what is
// written down.
#pragma once

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "support/mcp_stdio_client.hpp"

namespace hearth::test {

// One client's account. Used by one thread; audited when that has ended.
class Scribe {
 public:
  // `name` is unique in the home.
  Scribe(std::string name, unsigned seed) : name_(std::move(name)), random_(seed) {}

  struct Span {
    MonotonicTime began;
    MonotonicTime ended;
  };

  // One operation at random: remember (alone or three at once), search for or get something
  // acknowledged.
  void step(JsonRpcPeer& peer);
  void remember(JsonRpcPeer& peer, int how_many);
  void search(JsonRpcPeer& peer);
  void get(JsonRpcPeer& peer);

  [[nodiscard]] const std::map<std::string, std::string>& acknowledged() const { return by_id_; }
  // Titles of notes of which the client was told that nobody knows.
  [[nodiscard]] const std::set<std::string>& unknown() const { return unknown_; }
  [[nodiscard]] const std::vector<std::string>& complaints() const { return complaints_; }
  [[nodiscard]] const std::vector<Span>& spans() const { return spans_; }

 private:
  [[nodiscard]] const std::pair<const std::string, std::string>* pick();
  void complain(std::string_view what, const Error& error);

  std::string name_;
  std::mt19937 random_;
  int last_note_ = 0;
  std::map<std::string, std::string> by_id_;  // id → title of what was acknowledged
  std::vector<const std::pair<const std::string, std::string>*> notes_;
  std::set<std::string> unknown_;
  std::vector<std::string> complaints_;
  std::vector<Span> spans_;
};

// The text that belongs to a title.
[[nodiscard]] std::string text_of(std::string_view title);

// What is wrong with the store: acknowledged notes that are missing or differ, notes that are there
// twice, notes of nobody. Empty when all is well.
[[nodiscard]] std::vector<std::string> audit(JsonRpcPeer& peer,
                                             const std::vector<const Scribe*>& scribes);

// `lines`, one a line, at most 20 of them, for messages of failed assertions.
[[nodiscard]] std::string listed(const std::vector<std::string>& lines);

}  // namespace hearth::test
