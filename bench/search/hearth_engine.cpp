// hearth's own text index. One thread adds, another writes and merges what is there.
#include <array>
#include <atomic>
#include <cstdio>
#include <thread>

#include "search/engine.hpp"
#include "search/text/index.hpp"
#include "support.hpp"

namespace hearth::bench {
namespace {

namespace text = search::text;

constexpr std::uint64_t documents_of_commit = 2000;

template <typename T>
T expect(Result<T> result) {
  if (!result) die(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

class HearthEngine final : public Engine {
 public:
  void build(const std::string& directory, std::uint64_t documents) override {
    open(directory);
    std::atomic<bool> is_filled = false;
    std::thread maintenance([&] {
      for (;;) {
        const bool was_filled = is_filled;
        if (expect(index_->maintain())) continue;
        if (was_filled) return;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
    });
    fill(documents);
    is_filled = true;
    maintenance.join();
    expect(index_->flush());
    while (expect(index_->maintain())) {
    }
    const auto status = index_->status();
    std::printf(
        "{\"name\":\"write_amplification\",\"unit\":\"\",\"values\":[%.3f]}\n",
        static_cast<double>(status.bytes_written) / static_cast<double>(status.bytes_on_disk));
    std::printf("{\"name\":\"generations\",\"unit\":\"\",\"values\":[%zu]}\n",
                status.generations_on_disk);
    index_.reset();
  }

  void open(const std::string& directory) override {
    index_ = expect(text::Index::open(store::system_env(), directory, {{1, 1}}));
  }

  std::vector<std::uint64_t> search(const std::vector<std::string>& words, bool all) override {
    std::vector<text::Query> terms;
    for (const std::string& word : words) terms.push_back(text::Query::of_term(word));
    const auto query =
        all ? text::Query::all_of(std::move(terms)) : text::Query::any_of(std::move(terms));
    std::vector<std::uint64_t> keys;
    for (const text::Hit& hit : expect(index_->search(query, {}, 10)).hits) keys.push_back(hit.key);
    return keys;
  }

 private:
  void fill(std::uint64_t documents) {
    Corpus corpus(corpus_seed);
    Corpus::Document document;
    for (std::uint64_t key = 1; key <= documents; ++key) {
      corpus.next(document);
      const std::array<std::string_view, 2> fields{document.title, document.text};
      expect(index_->put({key, fields, {}}));
      if (key % documents_of_commit == 0 || key == documents) expect(index_->commit(key));
    }
  }

  std::unique_ptr<text::Index> index_;
};

}  // namespace

std::unique_ptr<Engine> make_hearth_engine() {
  return std::make_unique<HearthEngine>();
}

}  // namespace hearth::bench
