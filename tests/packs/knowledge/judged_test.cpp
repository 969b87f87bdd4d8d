// How good a search is, in figures, on a collection with judgements (tests/data/judged/README.md),
// with the builtin embedder and the settings that users have.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "json/json.hpp"
#include "packs/knowledge/engine/builtin_embedder.hpp"
#include "packs/knowledge/engine/entries.hpp"
#include "packs/knowledge/engine/search.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::packs::knowledge {
namespace {

const std::string data = std::string(HEARTH_SOURCE_DIR) + "/tests/data/judged/";
constexpr double tolerance = 0.01;
constexpr std::size_t most_nonsense_found = 1;

std::vector<json::Value> read_lines(const std::string& name) {
  std::vector<json::Value> lines;
  std::ifstream file(data + name);
  for (std::string line; std::getline(file, line);) {
    auto value = json::parse(line);
    EXPECT_TRUE(value) << name << ": " << line;
    if (value) lines.push_back(std::move(*value));
  }
  EXPECT_FALSE(lines.empty()) << data + name;
  return lines;
}

std::string text_of(const json::Value& object, std::string_view name) {
  return std::string(json::string_or(object, name, ""));
}

struct Query {
  std::string group;
  std::string text;
  std::map<std::string, int> grades;
};

struct Way {
  std::string name;
  SearchMode mode;
  Fusion fusion = Fusion::confidence;
};
const std::vector<Way> ways{{"words", SearchMode::words},
                            {"meaning", SearchMode::vectors},
                            {"hybrid", SearchMode::hybrid},
                            {"hybrid, by ranks", SearchMode::hybrid, Fusion::ranks}};

struct Figures {
  double ndcg = 0;
  double mrr = 0;
  double queries = 0;
  void add(double of_ndcg, double of_mrr) {
    ndcg += of_ndcg;
    mrr += of_mrr;
    ++queries;
  }
};

struct Judged {
  double score = 0;
  int grade = 0;
};

double gain(int grade, std::size_t rank) {
  return (std::exp2(grade) - 1) / std::log2(static_cast<double>(rank) + 2);
}

double ndcg_at_10(const std::vector<Judged>& hits, const Query& query) {
  double found = 0;
  for (std::size_t i = 0; i < hits.size(); ++i) found += gain(hits[i].grade, i);
  std::vector<int> best;
  for (const auto& [id, grade] : query.grades) best.push_back(grade);
  std::ranges::sort(best, std::greater());
  double ideal = 0;
  for (std::size_t i = 0; i < std::min<std::size_t>(best.size(), 10); ++i)
    ideal += gain(best[i], i);
  return found / ideal;
}

// Of the first hit that helps at all.
double reciprocal_rank(const std::vector<Judged>& hits) {
  const auto first = std::ranges::find_if(hits, [](const Judged& hit) { return hit.grade >= 2; });
  if (first == hits.end()) return 0;
  return 1.0 / static_cast<double>(std::distance(hits.begin(), first) + 1);
}

class JudgedSearch : public testing::Test {
 protected:
  JudgedSearch() {
    store_ = KnowledgeStore::open(directory_ / "k.db", clock_,
                                  {.embedder = std::make_shared<BuiltinEmbedder>()})
                 .value();
    fill(read_lines("entries.jsonl"));
    for (const json::Value& line : read_lines("queries.jsonl")) {
      Query query{text_of(line, "class"), text_of(line, "query"), {}};
      for (const auto& grade : json::find(line, "judged")->as_object()) {
        const std::string id(grade.key());
        EXPECT_TRUE(std::ranges::any_of(names_, [&](const auto& each) {
          return each.second == id;
        })) << id;
        query.grades[id] = static_cast<int>(grade.value().as_int64());
      }
      EXPECT_EQ(query.grades.empty(), query.group == "nonsense") << query.text;
      queries_.push_back(std::move(query));
    }
  }

  void fill(const std::vector<json::Value>& lines) {
    auto done = store_->write_and_wait([&](store::Database& database) -> Result<std::string> {
      for (const json::Value& line : lines) {
        NewEntry entry{.text = text_of(line, "text"),
                       .title = text_of(line, "title"),
                       .kind = text_of(line, "kind")};
        if (const json::Value* tags = json::find(line, "tags")) {
          for (const json::Value& tag : tags->as_array()) entry.tags.emplace_back(tag.as_string());
        }
        if (const json::Value* source = json::find(line, "source")) {
          entry.source = std::string(source->as_string());
        }
        auto made = add_entry(database, entry, clock_.wall());
        if (!made) return std::unexpected(made.error());
        names_[made->id] = text_of(line, "id");
      }
      return std::string();
    });
    EXPECT_TRUE(done) << done.error().message;
  }

  std::vector<Judged> find(const Query& query, const Way& way) {
    auto reader = store_->reader({}).value();
    SearchRequest request;
    request.query = query.text;
    request.mode = way.mode;
    request.fusion = way.fusion;
    const auto page = search_entries(*store_, *reader, request);
    EXPECT_TRUE(page) << query.text << ": " << page.error().message;
    std::vector<Judged> hits;
    if (!page) return hits;
    for (const Hit& hit : page->hits) {
      const auto grade = query.grades.find(names_.at(hit.id));
      hits.push_back({hit.score, grade == query.grades.end() ? 0 : grade->second});
    }
    return hits;
  }

  const test::ScratchDirectory directory_{"judged"};
  const SystemClock clock_;
  std::unique_ptr<KnowledgeStore> store_;
  std::map<std::string, std::string> names_;  // by the id in the store
  std::vector<Query> queries_;
};

std::string three_digits(double value) {
  std::string text = std::to_string(std::round(value * 1000) / 1000);
  return text.substr(0, 5);
}

using Table = std::map<std::string, std::map<std::string, Figures>>;  // by way, by group or "all"

void print_table(const Table& table) {
  std::cout << "nDCG@10 / MRR";
  for (const Way& way : ways) std::cout << " | " << way.name;
  std::cout << "\n";
  for (const auto& [group, first] : table.at("words")) {
    std::cout << group << " (" << first.queries << ")";
    for (const Way& way : ways) {
      const Figures& figures = table.at(way.name).at(group);
      std::cout << " | " << three_digits(figures.ndcg / figures.queries) << " / "
                << three_digits(figures.mrr / figures.queries);
    }
    std::cout << "\n";
  }
}

void record(const Table& table) {
  json::Object all;
  for (const auto& [way, groups] : table) {
    const Figures& figures = groups.at("all");
    all[way] = {{"ndcg", std::stod(three_digits(figures.ndcg / figures.queries))},
                {"mrr", std::stod(three_digits(figures.mrr / figures.queries))}};
  }
  std::ofstream(data + "expected.json") << json::dump_pretty(all) << "\n";
}

json::Value expected() {
  std::ifstream file(data + "expected.json");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return json::parse(text).value_or(json::Value());
}

double number(const json::Value& object, std::string_view name) {
  const json::Value* value = json::find(object, name);
  return value == nullptr ? 2 : value->to_number<double>();
}

TEST_F(JudgedSearch, IsAsGoodAsItWas) {
  Table table;
  for (const Way& way : ways) {
    for (const Query& query : queries_) {
      if (query.grades.empty()) continue;
      const std::vector<Judged> hits = find(query, way);
      const double ndcg = ndcg_at_10(hits, query);
      const double mrr = reciprocal_rank(hits);
      table[way.name][query.group].add(ndcg, mrr);
      table[way.name]["all"].add(ndcg, mrr);
    }
  }
  print_table(table);
  if (std::getenv("HEARTH_RECORD") != nullptr) record(table);
  const json::Value recorded = expected();
  for (const Way& way : ways) {
    const json::Value* least = json::find(recorded, way.name);
    ASSERT_NE(least, nullptr) << "no figures of " << way.name << " in expected.json";
    const Figures& all = table[way.name]["all"];
    EXPECT_GE(all.ndcg / all.queries, number(*least, "ndcg") - tolerance) << way.name;
    EXPECT_GE(all.mrr / all.queries, number(*least, "mrr") - tolerance) << way.name;
  }
  const auto mean = [&](const std::string& way, double Figures::* what) {
    const Figures& all = table[way]["all"];
    return all.*what / all.queries;
  };
  for (const char* leg : {"words", "meaning"}) {
    EXPECT_GE(mean("hybrid", &Figures::ndcg), mean(leg, &Figures::ndcg)) << leg;
    EXPECT_GE(mean("hybrid", &Figures::mrr), mean(leg, &Figures::mrr)) << leg;
  }
}

TEST_F(JudgedSearch, FindsNothingWhereNothingIs) {
  for (const Way& way : ways) {
    std::vector<std::string> found;
    for (const Query& query : queries_) {
      if (!query.grades.empty()) continue;
      const std::vector<Judged> hits = find(query, way);
      if (!hits.empty()) found.push_back(query.text + ": " + three_digits(hits.front().score));
    }
    for (const std::string& each : found) std::cout << way.name << " found " << each << "\n";
    EXPECT_LE(found.size(), most_nonsense_found) << way.name;
  }
}

// A score is worth the same in every query: of all hits above a bound, the higher it is the more
// are right.
TEST_F(JudgedSearch, IsAsSureAsItIsRight) {
  std::vector<Judged> all;
  for (const Query& query : queries_) {
    const std::vector<Judged> hits = find(query, ways[2]);
    all.insert(all.end(), hits.begin(), hits.end());
  }
  double before = 0;
  for (const double bound : {default_least_score, 0.3, 0.5, 0.8}) {
    double above = 0;
    double right = 0;
    for (const Judged& hit : all) {
      if (hit.score < bound) continue;
      ++above;
      if (hit.grade > 0) ++right;
    }
    ASSERT_GT(above, 0) << bound;
    std::cout << "of " << above << " hits from " << bound << " on, " << three_digits(right / above)
              << " are right\n";
    EXPECT_GT(right / above, before) << bound;
    before = right / above;
  }
}

}  // namespace
}  // namespace hearth::packs::knowledge
