#include "search/any_words.hpp"

#include <time.h>

#include <cmath>

#include "search/block_max_wand.hpp"
#include "search/corpus.hpp"
#include "search/text/index.hpp"
#include "store/env.hpp"
#include "support.hpp"

namespace hearth::bench {
namespace {

using namespace search::text;

constexpr std::size_t limit = 10;

double microseconds_of_thread() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

// The words as each part has them, with their weights in all of them.
std::vector<std::vector<ScoredTerm>> scored_terms(const Snapshot& seen,
                                                  const std::vector<std::string>& words) {
  std::vector<std::vector<ScoredTerm>> terms(seen.parts.size());
  const std::uint64_t documents = collection_of(seen).documents;
  for (const std::string& word : words) {
    std::vector<TermEntry> entries;
    std::uint64_t having = 0;
    for (const Part& part : seen.parts) {
      entries.push_back(segment_of(part).find_term(word).value_or(TermEntry{}));
      having += entries.back().documents;
    }
    const float weight = bm25_weight(bm25_idf(documents, having));
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (entries[i].documents != 0) terms[i].push_back({entries[i], weight});
    }
  }
  return terms;
}

}  // namespace

void compare_any_words(const std::string& directory, int queries) {
  auto opened = Index::open(store::system_env(), directory, {{1, 1}});
  if (!opened) die(opened.error().message);
  const auto seen = (*opened)->snapshot();
  const Bm25 bm25(collection_of(*seen));
  for (const int count : {2, 3, 5, 8, 16}) {
    Corpus corpus(1000 + static_cast<std::uint64_t>(count));
    std::vector<float> times[2];
    for (int i = -queries / 10; i < queries; ++i) {
      const auto terms = scored_terms(*seen, corpus.query(count));
      std::vector<Hit> answers[2];
      for (const std::size_t way : {0U, 1U}) {
        const double began = microseconds_of_thread();
        TopK top(limit);
        for (std::size_t part = 0; part < seen->parts.size(); ++part) {
          const ScoringContext context{segment_of(seen->parts[part]), bm25};
          const Filter none;
          Gate gate(seen->parts[part], none);
          if (way == 0) {
            search_any(context, terms[part], gate, top, {});
          } else {
            search_any_by_wand(context, terms[part], gate, top);
          }
        }
        answers[way] = top.take();
        if (i >= 0) times[way].push_back(static_cast<float>(microseconds_of_thread() - began));
      }
      for (std::size_t k = 0; k < answers[0].size(); ++k) {
        if (answers[0].size() != answers[1].size() ||
            std::abs(answers[0][k].score - answers[1][k].score) > 1e-3F) {
          die("the two ways differ");
        }
      }
    }
    for (const std::size_t way : {0U, 1U}) {
      const std::string name = (way == 0 ? "MaxScore " : "WAND ") + std::to_string(count);
      print_series(name + " p50", "µs", {percentile(times[way], 0.5)});
      print_series(name + " p99", "µs", {percentile(times[way], 0.99)});
    }
  }
}

}  // namespace hearth::bench
