// The vectors of the queries asked last: people and agents ask the same again and again.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::packs::knowledge {

// Forgets the least recently used beyond `most_bytes`. One thread at a time.
class QueryCache final {
 public:
  explicit QueryCache(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  // Nothing when it is not there; valid until the next put.
  [[nodiscard]] const std::vector<float>* find(std::string_view text) {
    const auto found = index_.find(text);
    if (found == index_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return &found->second->vector;
  }
  void put(std::string_view text, std::vector<float> vector) {
    if (index_.contains(text)) return;
    entries_.push_front({std::string(text), std::move(vector)});
    index_.emplace(entries_.front().text, entries_.begin());
    bytes_ += size_of(entries_.front());
    while (bytes_ > most_bytes_) {
      bytes_ -= size_of(entries_.back());
      index_.erase(entries_.back().text);
      entries_.pop_back();
    }
  }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string text;
    std::vector<float> vector;
  };
  // With what the list and the index need for it.
  static std::size_t size_of(const Entry& entry) {
    return entry.text.size() + entry.vector.size() * sizeof(float) + 200;
  }

  const std::size_t most_bytes_;
  std::size_t bytes_ = 0;
  std::list<Entry> entries_;                                      // the last used first
  std::map<std::string_view, std::list<Entry>::iterator> index_;  // keys lie in entries_
};

}  // namespace hearth::packs::knowledge
