#include "packs/knowledge/engine/graph_query.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>

#include "base/ascii.hpp"
#include "base/closest.hpp"
#include "packs/knowledge/engine/entry.hpp"

namespace hearth::packs::knowledge {
namespace {

constexpr std::size_t most_nodes = 8;
constexpr std::size_t most_tests = 32;  // properties in braces count too
constexpr std::size_t most_columns = 64;
constexpr std::size_t most_relations = 32;  // of one edge

// ---- Reading ----------------------------------------------------------------------------------

bool is_name_start(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0;
}
bool is_name_part(char c) {
  return is_name_start(c) || std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '-';
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Pattern> parse() {
    (void)take_word("MATCH");
    auto done = read_nodes();
    if (done && take_word("WHERE")) done = read_tests();
    if (done && take_word("RETURN")) done = read_columns();
    if (done && take_word("LIMIT")) done = read_limit();
    skip_blanks();
    if (done && at_ < text_.size()) done = wrong("the end, WHERE, RETURN or LIMIT");
    if (!done) return std::unexpected(std::move(done.error()));
    if (pattern_.columns.empty()) add_all_columns();
    return std::move(pattern_);
  }

 private:
  Result<void> wrong(std::string_view expected) const {
    const bool is_at_end = at_ >= text_.size();
    return fail(Errc::invalid_args,
                "query: expected " + std::string(expected) + " at character " +
                    std::to_string(at_ + 1) + ", got " +
                    (is_at_end ? std::string("the end")
                               : "\"" + std::string(utf8_prefix(text_.substr(at_), 12)) + "\""),
                {"(a:note)-[:depends_on]->(b) WHERE b.title CONTAINS \"lock\" RETURN a, b.title"});
  }

  // SQLite has limits of its own, and complains of what it was given in words of its own.
  static std::unexpected<Error> too_many(std::size_t most, std::string_view of_what) {
    return fail(Errc::invalid_args,
                "query: at most " + std::to_string(most) + " " + std::string(of_what));
  }
  Result<void> count_test() {
    if (++tests_ > most_tests) return too_many(most_tests, "tests in one query");
    return {};
  }

  void skip_blanks() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
  }
  bool take(std::string_view token) {
    skip_blanks();
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  bool take_word(std::string_view word) {
    skip_blanks();
    const std::string_view rest = text_.substr(at_);
    if (rest.size() < word.size()) return false;
    for (std::size_t i = 0; i < word.size(); ++i) {
      if (ascii_upper(rest[i]) != word[i]) return false;
    }
    if (rest.size() > word.size() && is_name_part(rest[word.size()])) return false;
    at_ += word.size();
    return true;
  }
  // "name", or with blanks and the like in back-quotes.
  std::optional<std::string> take_name() {
    skip_blanks();
    if (at_ < text_.size() && text_[at_] == '`') {
      const std::size_t end = text_.find('`', at_ + 1);
      if (end == std::string_view::npos) return std::nullopt;
      std::string name(text_.substr(at_ + 1, end - at_ - 1));
      at_ = end + 1;
      return name;
    }
    std::size_t end = at_;
    if (end < text_.size() && is_name_start(text_[end])) {
      // A '-' goes on with a name only if a letter or digit follows: (a)-[:b-c]-(d).
      while (end < text_.size() && is_name_part(text_[end]) &&
             (text_[end] != '-' ||
              (end + 1 < text_.size() && is_name_part(text_[end + 1]) && text_[end + 1] != '-'))) {
        ++end;
      }
    }
    if (end == at_) return std::nullopt;
    std::string name(text_.substr(at_, end - at_));
    at_ = end;
    return name;
  }

  // A name that can stand in a path of SQLite's, which has quotes around it and ends at a zero.
  std::optional<std::string> take_property() {
    auto name = take_name();
    if (name && name->find_first_of(std::string_view("\"\0", 2)) != std::string::npos) {
      return std::nullopt;
    }
    return name;
  }

  static std::string quoted(std::string_view text) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string json = "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') json.push_back('\\');
      if (static_cast<unsigned char>(c) < 0x20) {
        json.append("\\u00").push_back(digits[static_cast<unsigned char>(c) >> 4]);
        json.push_back(digits[static_cast<unsigned char>(c) & 15]);
      } else {
        json.push_back(c);
      }
    }
    return json + "\"";
  }

  Result<std::string> read_value() {
    skip_blanks();
    const char first = at_ < text_.size() ? text_[at_] : '\0';
    if (first == '"' || first == '\'') return read_text(first);
    for (const std::string_view word : {"TRUE", "FALSE"}) {
      if (take_word(word)) return word == "TRUE" ? "true" : "false";
    }
    const char* begin = text_.data() + at_;
    double number = 0;
    const auto [end, code] = std::from_chars(begin, text_.data() + text_.size(), number);
    if (code != std::errc() || !(number - number == 0)) {
      return std::unexpected(wrong("a \"text\", a number, true or false").error());
    }
    std::string json(begin, end);
    at_ += json.size();
    // 075, -.5, 1. and 0x1p3 are no numbers to JSON; a long integer is no double.
    const std::size_t digits = json.starts_with('-') ? 1 : 0;
    const bool is_integer = json.find_first_not_of("0123456789", digits) == std::string::npos &&
                            (json.size() == digits + 1 || json[digits] != '0');
    if (!is_integer) {
      std::array<char, 32> shortest{};
      const auto written =
          std::to_chars(shortest.data(), shortest.data() + shortest.size(), number);
      json.assign(shortest.data(), written.ptr);
    }
    return json;
  }

  Result<std::string> read_text(char quote) {
    std::string text;
    for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      text.push_back(text_[at_]);
    }
    if (at_ >= text_.size()) return std::unexpected(wrong("a closing quotation mark").error());
    ++at_;
    return quoted(text);
  }

  Result<void> read_nodes() {
    if (auto done = read_node(); !done) return done;
    for (;;) {
      skip_blanks();
      if (at_ >= text_.size() || (text_[at_] != '-' && text_[at_] != '<')) return {};
      auto done = read_edge();
      if (done) done = read_node();
      if (!done) return done;
      if (pattern_.nodes.size() > most_nodes) {
        return too_many(most_nodes, "entries in one pattern");
      }
    }
  }

  Result<void> read_node() {
    if (!take("(")) return wrong("( of an entry");
    PatternNode node;
    node.name = take_name().value_or("");
    if (!node.name.empty() && find_node(node.name)) {
      return fail(Errc::invalid_args, "query: " + node.name + " stands for two entries",
                  {"give each its own name, or none"});
    }
    if (take(":")) {
      auto kind = take_name();
      if (!kind) return wrong("a kind");
      auto label = clean_label("kind", *kind);
      if (!label) return std::unexpected(std::move(label.error()));
      node.kind = std::move(*label);
    }
    if (take("{")) {
      do {
        auto name = take_property();
        if (!name) return wrong("a property");
        if (!take(":")) return wrong(":");
        auto value = read_value();
        if (!value) return std::unexpected(std::move(value.error()));
        node.properties.emplace_back(std::move(*name), std::move(*value));
        if (auto done = count_test(); !done) return done;
      } while (take(","));
      if (!take("}")) return wrong("} or ,");
    }
    if (!take(")")) return wrong(") of an entry");
    pattern_.nodes.push_back(std::move(node));
    return {};
  }

  Result<void> read_edge() {
    PatternEdge edge;
    const bool points_left = take("<-");
    if (!points_left && !take("-")) return wrong("an edge: -[:relation]->");
    if (take("[")) {
      (void)take_name();  // of the edge: nothing refers to it
      if (take(":")) {
        do {
          (void)take(":");  // [:a|:b] is written, too
          auto relation = take_name();
          if (!relation) return wrong("a relation");
          auto label = clean_label("relation", *relation);
          if (!label) return std::unexpected(std::move(label.error()));
          edge.relations.push_back(std::move(*label));
          if (edge.relations.size() > most_relations) {
            return too_many(most_relations, "relations of one edge");
          }
        } while (take("|"));
      }
      if (!take("]")) return wrong("] of an edge");
    }
    if (!take("-")) return wrong("- of an edge");
    const bool points_right = take(">");
    if (points_left && points_right) return wrong("an edge of one direction");
    edge.way = points_left    ? PatternEdge::Way::in
               : points_right ? PatternEdge::Way::out
                              : PatternEdge::Way::both;
    pattern_.edges.push_back(std::move(edge));
    return {};
  }

  [[nodiscard]] std::optional<std::size_t> find_node(std::string_view name) const {
    const auto found = std::ranges::find(pattern_.nodes, name, &PatternNode::name);
    if (found == pattern_.nodes.end()) return std::nullopt;
    return static_cast<std::size_t>(found - pattern_.nodes.begin());
  }

  Result<std::size_t> read_node_name() {
    const std::size_t begin = at_;
    const auto name = take_name();
    if (!name) return std::unexpected(wrong("the name of an entry").error());
    const auto node = find_node(*name);
    if (node) return *node;
    std::vector<std::string> known;
    for (const PatternNode& each : pattern_.nodes) {
      if (!each.name.empty()) known.push_back(each.name);
    }
    return fail(Errc::invalid_args,
                "query: nothing in the pattern is called " + *name + " (at character " +
                    std::to_string(begin + 1) + ")",
                std::move(known));
  }

  Result<void> read_tests() {
    do {
      const auto node = read_node_name();
      if (!node) return std::unexpected(node.error());
      if (!take(".")) return wrong(". and a property");
      PatternTest test;
      test.node = *node;
      auto property = take_property();
      if (!property) return wrong("a property");
      test.property = std::move(*property);
      for (const std::string_view sign : {"<>", "!=", "<=", ">=", "=", "<", ">"}) {
        if (!take(sign)) continue;
        test.comparison = sign == "!=" ? "<>" : sign;
        break;
      }
      if (test.comparison.empty() && take_word("CONTAINS")) test.comparison = "CONTAINS";
      if (test.comparison.empty()) return wrong("= <> < <= > >= or CONTAINS");
      auto value = read_value();
      if (!value) return std::unexpected(std::move(value.error()));
      test.value = std::move(*value);
      pattern_.tests.push_back(std::move(test));
      if (auto done = count_test(); !done) return done;
    } while (take_word("AND"));
    return {};
  }

  Result<void> read_columns() {
    do {
      const auto node = read_node_name();
      if (!node) return std::unexpected(node.error());
      PatternColumn column;
      column.node = *node;
      column.title = pattern_.nodes[*node].name;
      if (take(".")) {
        auto property = take_property();
        if (!property) return wrong("a property");
        column.property = std::move(*property);
        column.title += "." + column.property;
      }
      pattern_.columns.push_back(std::move(column));
      if (pattern_.columns.size() > most_columns) return too_many(most_columns, "columns");
    } while (take(","));
    return {};
  }

  Result<void> read_limit() {
    skip_blanks();
    const char* begin = text_.data() + at_;
    std::int64_t limit = 0;
    const auto [end, code] = std::from_chars(begin, text_.data() + text_.size(), limit);
    if (code != std::errc() || limit < 1) return wrong("a positive number");
    pattern_.limit = limit;
    at_ += static_cast<std::size_t>(end - begin);
    return {};
  }

  void add_all_columns() {
    for (std::size_t i = 0; i < pattern_.nodes.size(); ++i) {
      const std::string& name = pattern_.nodes[i].name;
      pattern_.columns.push_back({name.empty() ? "entry" + std::to_string(i + 1) : name, i, ""});
    }
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  std::size_t tests_ = 0;
  Pattern pattern_;
};

// ---- Running ----------------------------------------------------------------------------------

// What is no property of the entry's own; $ stands for its row.
struct Column {
  std::string_view property;
  std::string_view sql;
};
constexpr auto own_columns = std::to_array<Column>({
    {"id", "$.id"},
    {"title", "$.title"},
    {"kind", "$.kind"},
    {"text", "$.text"},
    {"tags", "$.tags"},
    {"salience", "$.salience"},
    {"created_at", "strftime('%Y-%m-%dT%H:%M:%fZ', $.created_ms / 1000.0, 'unixepoch')"},
    {"updated_at", "strftime('%Y-%m-%dT%H:%M:%fZ', $.updated_ms / 1000.0, 'unixepoch')"},
    {"source",
     "coalesce($.origin, (SELECT path || ':' || $.line FROM sources WHERE n = $.source_n))"},
});

std::string own_sql(const Column& column, const std::string& alias) {
  std::string sql;
  for (const char c : column.sql) {
    if (c == '$') {
      sql += alias;
    } else {
      sql.push_back(c);
    }
  }
  return sql;
}

class Statement {
 public:
  explicit Statement(const Pattern& pattern) : pattern_(pattern) {}

  void build() {
    sql_ = "SELECT ";
    for (std::size_t i = 0; i < pattern_.columns.size(); ++i) {
      if (i > 0) sql_ += ", ";
      add_column(pattern_.columns[i]);
    }
    sql_ += " FROM live e0";
    for (std::size_t i = 0; i < pattern_.edges.size(); ++i) add_edge(i);
    sql_ += " WHERE true";
    for (std::size_t i = 0; i < pattern_.nodes.size(); ++i) add_node(i);
    for (const PatternTest& test : pattern_.tests) add_test(test);
    // An entry stands in one place of a pattern only.
    for (std::size_t i = 0; i < pattern_.nodes.size(); ++i) {
      for (std::size_t k = 0; k < i; ++k) sql_ += " AND " + alias(i) + ".n <> " + alias(k) + ".n";
    }
    sql_ += " LIMIT ?";
  }

  [[nodiscard]] const std::string& sql() const { return sql_; }
  [[nodiscard]] const std::vector<std::string>& parameters() const { return parameters_; }

 private:
  static std::string alias(std::size_t node) { return "e" + std::to_string(node); }

  // As a value of JSON's types.
  std::string value_of(std::size_t node, const std::string& property) {
    const auto own = std::ranges::find(own_columns, property, &Column::property);
    if (own != own_columns.end()) return own_sql(*own, alias(node));
    parameters_.push_back("$.\"" + property + "\"");
    return alias(node) + ".properties ->> ?";
  }

  void add_column(const PatternColumn& column) {
    const std::string entry = alias(column.node);
    if (column.property.empty()) {
      sql_ += "json_object('id', " + entry + ".id, 'title', " + entry + ".title, 'kind', " + entry +
              ".kind)";
      return;
    }
    const auto own = std::ranges::find(own_columns, column.property, &Column::property);
    if (own != own_columns.end()) {
      sql_ += "json_quote(" + own_sql(*own, entry) + ")";
      return;
    }
    parameters_.push_back("$.\"" + column.property + "\"");
    sql_ += "coalesce(" + entry + ".properties -> ?, 'null')";
  }

  void add_edge(std::size_t i) {
    const PatternEdge& edge = pattern_.edges[i];
    const std::string x = "x" + std::to_string(i);
    const std::string left = alias(i) + ".n";
    const std::string right = alias(i + 1) + ".n";
    const std::string out = x + ".source = " + left + " AND " + right + " = " + x + ".target";
    const std::string in = x + ".target = " + left + " AND " + right + " = " + x + ".source";
    sql_ += " JOIN edges " + x + " JOIN live " + alias(i + 1) + " ON ";
    if (edge.way == PatternEdge::Way::out) sql_ += out;
    if (edge.way == PatternEdge::Way::in) sql_ += in;
    if (edge.way == PatternEdge::Way::both) sql_ += "((" + out + ") OR (" + in + "))";
    for (std::size_t k = 0; k < edge.relations.size(); ++k) {
      sql_ += (k == 0 ? " AND " + x + ".relation IN (?" : std::string(", ?"));
      parameters_.push_back(edge.relations[k]);
    }
    if (!edge.relations.empty()) sql_ += ")";
  }

  void add_node(std::size_t i) {
    const PatternNode& node = pattern_.nodes[i];
    if (!node.kind.empty()) {
      sql_ += " AND " + alias(i) + ".kind = ?";
      parameters_.push_back(node.kind);
    }
    for (const auto& [name, value] : node.properties) add_test({i, name, "=", value});
  }

  void add_test(const PatternTest& test) {
    sql_ += " AND ";
    const std::string value = value_of(test.node, test.property);
    parameters_.push_back(test.value);
    // json_extract() makes of JSON's value what SQL compares.
    if (test.comparison == "CONTAINS") {
      sql_ += "instr(lower(" + value + "), lower(json_extract(?, '$'))) > 0";
    } else {
      sql_ += value + " " + test.comparison + " json_extract(?, '$')";
    }
  }

  const Pattern& pattern_;
  std::string sql_;
  std::vector<std::string> parameters_;  // in the order of their places in the text
};

Result<void> check_known(store::Database& database,
                         std::string_view what,
                         const std::string& name,
                         std::string_view all_sql) {
  std::vector<std::string> known;
  auto rows = database.query(all_sql);
  while (rows.next()) known.emplace_back(rows.text(0));
  if (!rows.ok()) return std::unexpected(rows.error());
  if (std::ranges::find(known, name) != known.end()) return {};
  std::vector<std::string> suggestions = closest_names(name, known);
  if (suggestions.empty()) {
    known.resize(std::min<std::size_t>(known.size(), 5));
    suggestions = std::move(known);
  }
  return fail(Errc::not_found, "no entry has the " + std::string(what) + " " + name,
              std::move(suggestions));
}

// Loose scans of the indexes: as quick as there are few kinds and relations.
constexpr std::string_view kinds_sql =
    "WITH RECURSIVE k(kind) AS (SELECT min(kind) FROM live UNION ALL "
    "SELECT (SELECT min(kind) FROM live WHERE kind > k.kind) FROM k WHERE k.kind IS NOT NULL) "
    "SELECT kind FROM k WHERE kind IS NOT NULL";
constexpr std::string_view relations_sql = "SELECT DISTINCT relation FROM edges ORDER BY relation";

Result<void> check_names(store::Database& database, const Pattern& pattern) {
  for (const PatternNode& node : pattern.nodes) {
    if (node.kind.empty()) continue;
    if (auto known = check_known(database, "kind", node.kind, kinds_sql); !known) return known;
  }
  for (const PatternEdge& edge : pattern.edges) {
    for (const std::string& relation : edge.relations) {
      auto known = check_known(database, "relation", relation, relations_sql);
      if (!known) return known;
    }
  }
  return {};
}

}  // namespace

Result<Pattern> parse_pattern(std::string_view text) {
  return Parser(text).parse();
}

Result<PatternRows> run_pattern(store::Database& database,
                                const Pattern& pattern,
                                std::int64_t limit) {
  if (auto known = check_names(database, pattern); !known) {
    return std::unexpected(std::move(known.error()));
  }
  Statement statement(pattern);
  statement.build();
  const std::int64_t most = pattern.limit > 0 ? std::min(limit, pattern.limit) : limit;
  PatternRows answer;
  for (const PatternColumn& column : pattern.columns) answer.columns.push_back(column.title);
  auto rows = database.query(statement.sql(), statement.parameters(), most + 1);
  while (rows.next()) {
    if (static_cast<std::int64_t>(answer.rows.size()) == most) {
      answer.is_more = true;
      break;
    }
    std::vector<std::string>& row = answer.rows.emplace_back();
    for (std::size_t i = 0; i < answer.columns.size(); ++i) {
      row.emplace_back(rows.text(static_cast<int>(i)));
    }
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  return answer;
}

}  // namespace hearth::packs::knowledge
