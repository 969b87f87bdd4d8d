#include "search/text/snippet.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "search/text/analyzer.hpp"
#include "search/text/edit_distance.hpp"

namespace hearth::search::text {
namespace {

// What is looked at of a text; what is found further on is not shown.
constexpr std::size_t most_bytes = 1024 * 1024;

// The words that a query looks for, each with a number.
class Wanted {
 public:
  Wanted(const Query& query, Stemming stemming) : stemmer_(stemming) { collect(query); }

  // The number of the first that fits a token, by its stem or as it is written.
  [[nodiscard]] std::optional<std::size_t> find(const Token& token) {
    const std::string_view stem = stemmer_.stem_of(token);
    for (std::size_t i = 0; i < ways_.size(); ++i) {
      if (fits(ways_[i], token.term) || (stem != token.term && fits(ways_[i], stem))) return i;
    }
    return std::nullopt;
  }

 private:
  struct Way {
    std::string term;
    bool is_prefix = false;
    std::optional<EditDistance> near;
  };

  void collect(const Query& query) {
    if (!query.term.empty()) {
      Way& way = ways_.emplace_back();
      way.term = query.term;
      way.is_prefix = query.kind == Query::Kind::prefix;
      if (query.kind == Query::Kind::fuzzy) way.near.emplace(query.term, query.edits);
    }
    for (const Query::Word& word : query.words) ways_.emplace_back().term = word.term;
    for (const Query& each : query.must) collect(each);
    for (const Query& each : query.should) collect(each);
  }

  static bool fits(Way& way, std::string_view term) {
    if (way.is_prefix) return term.starts_with(way.term);
    std::size_t too_far = 0;
    return way.near ? way.near->to(term, too_far).has_value() : term == way.term;
  }

  const Stemmer stemmer_;
  std::vector<Way> ways_;
};

// A word of the text, with all that was said of it.
struct Place {
  std::size_t begin;
  std::size_t end;
  std::optional<std::size_t> wanted;
};

std::vector<Place> places_of(std::string_view text, Wanted& wanted) {
  std::vector<Place> places;
  TokenStream stream(text);
  Token token;
  while (stream.next(token)) {
    const auto found = wanted.find(token);
    // Pairs of ideographs overlap, and a whole lies over its parts: what was found is kept.
    if (!places.empty() && token.begin < places.back().end) {
      if (!found) continue;
      if (places.back().wanted) {
        places.back().end = std::max(places.back().end, token.end);
        continue;
      }
      places.pop_back();
    }
    places.push_back({token.begin, token.end, found});
  }
  return places;
}

// The first place of the best window.
std::size_t best_window(const std::vector<Place>& places, std::size_t words) {
  std::vector<std::size_t> inside;  // of each wanted word, how often in the window
  std::size_t different = 0;
  std::size_t all = 0;
  std::size_t best = 0;
  std::pair<std::size_t, std::size_t> best_count{0, 0};
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (const auto wanted = places[i].wanted) {
      inside.resize(std::max(inside.size(), *wanted + 1));
      if (inside[*wanted]++ == 0) ++different;
      ++all;
    }
    if (i >= words) {
      if (const auto wanted = places[i - words].wanted) {
        if (--inside[*wanted] == 0) --different;
        --all;
      }
    }
    if (std::pair(different, all) > best_count) {
      best_count = {different, all};
      best = i + 1 >= words ? i + 1 - words : 0;
    }
  }
  // The window ends with the last word that counted: it may go on as long as it keeps the first.
  std::size_t slack = 0;
  while (slack < words / 4 && best + slack + words < places.size() && !places[best + slack].wanted)
    ++slack;
  return best + slack;
}

// A part of the places, and the text that they span.
struct Window {
  std::size_t first;
  std::size_t last;  // behind it
  std::size_t begin;
  std::size_t end;
};

// What is left of a window when words at its ends go until the rest is short enough: those that are
// further from the first word that was found go first, and it stays.
Window narrowed(const std::vector<Place>& places, Window window, std::size_t bytes) {
  std::size_t found = window.first;
  while (found < window.last && !places[found].wanted) ++found;
  if (found == window.last) found = window.first;
  while (window.last - window.first > 1) {
    const std::size_t begin = places[window.first].begin;
    const std::size_t end = places[window.last - 1].end;
    if (end - begin <= bytes) break;
    const bool is_left_longer = places[found].begin - begin > end - places[found].end;
    if (is_left_longer) {
      ++window.first;
    } else {
      --window.last;
    }
  }
  // What is in front of the first word of all and behind the last one, if there is room.
  const std::size_t end = places[window.last - 1].end;
  if (window.first != 0 || end > bytes) window.begin = places[window.first].begin;
  if (window.last != places.size() || window.end - window.begin > bytes) window.end = end;
  return window;
}

std::string_view beginning(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U) --bytes;
  return text.substr(0, bytes);
}

void append_plain(std::string& out, std::string_view text) {
  for (const char c : text) {
    const bool is_blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!is_blank) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
}

}  // namespace

std::string snippet(std::string_view text,
                    const Query& query,
                    const SnippetStyle& style,
                    Stemming stemming) {
  text = text.substr(0, most_bytes);
  Wanted wanted(query, stemming);
  const std::vector<Place> places = places_of(text, wanted);
  if (places.empty()) {
    std::string out;
    const std::string_view shown = beginning(text, style.bytes);
    append_plain(out, shown);
    while (out.ends_with(' ')) out.pop_back();
    if (shown.size() < text.size()) out += style.more;
    return out;
  }
  const std::size_t words = std::max<std::size_t>(style.words, 1);
  const std::size_t first = best_window(places, words);
  const Window window = narrowed(
      places, {first, std::min(first + words, places.size()), 0, text.size()}, style.bytes);
  std::string out;
  std::size_t at = window.begin;
  bool is_cut = false;  // the word, which then is the only one
  if (at != 0) out += style.more;
  for (std::size_t i = window.first; i < window.last; ++i) {
    append_plain(out, text.substr(at, places[i].begin - at));
    const std::string_view word = text.substr(places[i].begin, places[i].end - places[i].begin);
    const std::string_view shown = beginning(word, style.bytes);
    if (places[i].wanted) out += style.before;
    out += shown;
    is_cut = shown.size() < word.size();
    if (is_cut) out += style.more;
    if (places[i].wanted) out += style.after;
    at = places[i].end;
  }
  append_plain(out, text.substr(at, window.end - at));
  while (out.ends_with(' ')) out.pop_back();
  if (window.end < text.size() && !is_cut) out += style.more;
  return out;
}

}  // namespace hearth::search::text
