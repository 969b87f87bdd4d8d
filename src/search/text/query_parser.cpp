// The parser of what is typed; its grammar is in query.hpp.
#include <algorithm>
#include <optional>
#include <utility>

#include "search/text/analyzer.hpp"
#include "search/text/query.hpp"
#include "search/text/unicode.hpp"

namespace hearth::search::text {
namespace {

constexpr std::size_t deepest = 16;  // parentheses further in are left out
constexpr std::size_t short_word = 5;
constexpr unsigned most_edits = 2;

enum class Role : std::uint8_t { plain, must, must_not };

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool ends_word(char c) {
  return is_blank(c) || c == '"' || c == '(' || c == ')';
}

std::size_t characters(std::string_view term) {
  return static_cast<std::size_t>(std::ranges::count_if(
      term, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// What a text without operators means.
class Words {
 public:
  explicit Words(Stemming stemming) : stemmer_(stemming) {}

  // Side by side.
  Query phrase(std::string_view text) { return Query::of_phrase(read(text).words); }

  // A word that is written without `*` and `~`.
  Query word(std::string_view text) {
    std::vector<Query> ways;
    stream_.reset(text);
    Token token;
    std::size_t tokens = 0;
    while (stream_.next(token)) {
      ++tokens;
      // A whole identifier is also found written in one piece.
      const bool is_all = token.kind == TokenKind::whole && ways.empty() && tokens == 1;
      if (is_all && token.end == text.size()) {
        ways.push_back(Query::of_term(std::string(token.term)));
      }
      if (token.kind == TokenKind::single && tokens == 1) {
        ways.push_back(Query::of_prefix(std::string(token.term)));
      }
    }
    const bool is_one_ideograph = tokens == 1 && !ways.empty();
    if (!is_one_ideograph) {
      Query as_phrase = phrase(text);
      if (as_phrase.kind != Query::Kind::nothing) ways.push_back(std::move(as_phrase));
    }
    return Query::any_of(std::move(ways));
  }

  Query prefix(std::string_view text) {
    return with_last(text, [](std::string term) { return Query::of_prefix(std::move(term)); });
  }

  // `edits` 0: as many as suit the word.
  Query fuzzy(std::string_view text, unsigned edits) {
    return with_last(text, [&](std::string term) {
      const unsigned usual = characters(term) <= short_word ? 1 : most_edits;
      return Query::of_fuzzy(std::move(term), edits == 0 ? usual : edits);
    });
  }

 private:
  struct Read {
    std::vector<Query::Word> words;
    std::string last;  // of these, as it is written
  };

  // The terms of a text as the words of a phrase. The last character of a run of ideographs is in
  // the pair before it already.
  Read read(std::string_view text) {
    Read all;
    stream_.reset(text);
    Token token;
    bool follows_bigram = false;
    while (stream_.next(token)) {
      const bool is_said =
          token.kind == TokenKind::whole || (token.kind == TokenKind::single && follows_bigram);
      follows_bigram = token.kind == TokenKind::bigram;
      if (is_said) continue;
      all.words.push_back({std::string(stemmer_.stem_of(token)), token.position});
      all.last = token.term;
    }
    return all;
  }

  // The last word, as it is written, taken as `last` makes it, the others as they are.
  template <typename Last>
  Query with_last(std::string_view text, Last last) {
    Read read = this->read(text);
    if (read.words.empty()) return {};
    std::vector<Query> all;
    all.push_back(last(std::move(read.last)));
    read.words.pop_back();
    if (!read.words.empty()) all.push_back(Query::of_phrase(std::move(read.words)));
    return Query::all_of(std::move(all));
  }

  const Stemmer stemmer_;
  TokenStream stream_;
};

class Parser {
 public:
  Parser(std::string_view text, Joined joined, Stemming stemming)
      : text_(text), joined_(joined), words_(stemming) {}

  ParsedQuery parse() {
    std::vector<Query> groups;
    // A closing parenthesis too many separates, as a blank does.
    while (at_ < text_.size()) {
      if (Query query = alternatives(0); query.kind != Query::Kind::nothing) {
        groups.push_back(std::move(query));
      }
      if (at_ < text_.size()) ++at_;
    }
    ParsedQuery parsed;
    parsed.query = joined_ == Joined::all ? Query::all_of(std::move(groups))
                                          : Query::any_of(std::move(groups));
    parsed.wanted = std::move(wanted_);
    parsed.left_out = left_out_;
    return parsed;
  }

 private:
  struct Clause {
    Query query;
    Role role = Role::plain;
  };

  // … OR …, up to a closing parenthesis or the end.
  Query alternatives(std::size_t depth) {
    std::vector<Query> ways;
    do {
      Query way = sequence(depth);
      if (way.kind != Query::Kind::nothing) ways.push_back(std::move(way));
    } while (take_word("OR"));
    return Query::any_of(std::move(ways));
  }

  Query sequence(std::size_t depth) {
    std::vector<Clause> clauses;
    bool joins_next = false;
    for (;;) {
      if (take_word("AND")) {
        if (!clauses.empty() && clauses.back().role == Role::plain) {
          clauses.back().role = Role::must;
        }
        joins_next = !clauses.empty();
        continue;
      }
      skip_blanks();
      if (at_ == text_.size() || text_[at_] == ')' || sees_word("OR")) break;
      Clause clause = unary(depth);
      if (clause.query.kind == Query::Kind::nothing) continue;
      if (joins_next && clause.role == Role::plain) clause.role = Role::must;
      joins_next = false;
      if (clauses_ == most_clauses) {
        ++left_out_;
        continue;
      }
      ++clauses_;
      clauses.push_back(std::move(clause));
    }
    return combine(std::move(clauses));
  }

  Query combine(std::vector<Clause> clauses) const {
    if (clauses.size() == 1 && clauses.front().role != Role::must_not) {
      return std::move(clauses.front().query);
    }
    Query query;
    if (clauses.empty()) return query;
    query.kind = Query::Kind::boolean;
    for (Clause& clause : clauses) {
      if (clause.role == Role::plain && joined_ == Joined::all) clause.role = Role::must;
      auto& list = clause.role == Role::must       ? query.must
                   : clause.role == Role::must_not ? query.must_not
                                                   : query.should;
      list.push_back(std::move(clause.query));
    }
    return query;
  }

  Clause unary(std::size_t depth) {
    Clause clause;
    while (take_word("NOT")) clause.role = Role::must_not;
    skip_blanks();
    if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) {
      clause.role = text_[at_] == '-' ? Role::must_not : Role::must;
      ++at_;
    }
    const bool is_excluding = clause.role == Role::must_not;
    exclusions_ += is_excluding ? 1 : 0;
    clause.query = atom(depth);
    exclusions_ -= is_excluding ? 1 : 0;
    return clause;
  }

  Query atom(std::size_t depth) {
    if (at_ == text_.size()) return {};
    if (text_[at_] == '"') return phrase();
    if (text_[at_] == '(') {
      ++at_;
      if (depth == deepest) return {};
      Query inner = alternatives(depth + 1);
      if (at_ < text_.size() && text_[at_] == ')') ++at_;
      return inner;
    }
    return word();
  }

  Query phrase() {
    const std::size_t begin = ++at_;
    at_ = std::min(text_.find('"', begin), text_.size());
    const std::string_view inside = text_.substr(begin, at_ - begin);
    if (at_ < text_.size()) ++at_;
    note_wanted(inside);
    return words_.phrase(inside);
  }

  Query word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && !ends_word(text_[at_])) ++at_;
    std::string_view word = text_.substr(begin, at_ - begin);
    if (word.ends_with('*')) {
      note_wanted(word.substr(0, word.size() - 1));
      return words_.prefix(word);
    }
    for (const auto& [mark, edits] :
         {std::pair{"~", 0U}, std::pair{"~1", 1U}, std::pair{"~2", 2U}}) {
      if (!word.ends_with(mark)) continue;
      word = word.substr(0, word.rfind('~'));
      note_wanted(word);
      return words_.fuzzy(word, edits);
    }
    note_wanted(word);
    return words_.word(word);
  }

  void note_wanted(std::string_view text) {
    if (exclusions_ == 0 && !text.empty()) wanted_.append(wanted_.empty() ? "" : " ").append(text);
  }

  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }
  // Whether an operator is next, as a word by itself.
  bool sees_word(std::string_view word) {
    skip_blanks();
    if (!text_.substr(at_).starts_with(word)) return false;
    const std::size_t end = at_ + word.size();
    return end == text_.size() || ends_word(text_[end]);
  }
  bool take_word(std::string_view word) {
    if (!sees_word(word)) return false;
    at_ += word.size();
    return true;
  }

  std::string_view text_;
  const Joined joined_;
  Words words_;
  std::size_t at_ = 0;
  int exclusions_ = 0;  // around what is read
  std::string wanted_;
  std::size_t clauses_ = 0;
  std::size_t left_out_ = 0;
};

}  // namespace

ParsedQuery parse_query(std::string_view text, Joined joined, Stemming stemming) {
  return Parser(text, joined, stemming).parse();
}

}  // namespace hearth::search::text
