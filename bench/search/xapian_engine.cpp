// Xapian with its glass backend. Under the GPL, and so only here.
#include <xapian.h>

#include <cstdlib>
#include <optional>

#include "search/engine.hpp"
#include "support.hpp"

namespace hearth::bench {
namespace {

constexpr unsigned gap_between_fields = 64;

class XapianEngine final : public Engine {
 public:
  void build(const std::string& directory, std::uint64_t documents) override {
    // Ten times the documents in memory before a flush: about twice as fast as the default.
    ::setenv("XAPIAN_FLUSH_THRESHOLD", "100000", 1);
    Xapian::WritableDatabase database(
        directory + "/xapian", Xapian::DB_CREATE | Xapian::DB_NO_SYNC | Xapian::DB_DANGEROUS);
    Corpus corpus(corpus_seed);
    Corpus::Document document;
    for (std::uint64_t key = 1; key <= documents; ++key) {
      corpus.next(document);
      Xapian::Document made;
      const unsigned end = add(made, document.title, 1);
      add(made, document.text, end + gap_between_fields);
      database.add_document(made);  // numbered from 1
    }
    database.commit();
  }

  void open(const std::string& directory) override {
    database_.emplace(directory + "/xapian");
    enquire_.emplace(*database_);
    enquire_->set_weighting_scheme(Xapian::BM25Weight(1.2, 0, 1, 0.75, 0.5));
  }

  std::vector<std::uint64_t> search(const std::vector<std::string>& words, bool all) override {
    enquire_->set_query(Xapian::Query(all ? Xapian::Query::OP_AND : Xapian::Query::OP_OR,
                                      words.begin(), words.end()));
    std::vector<std::uint64_t> keys;
    const Xapian::MSet found = enquire_->get_mset(0, 10);
    for (auto each = found.begin(); each != found.end(); ++each) keys.push_back(*each);
    return keys;
  }

 private:
  static unsigned add(Xapian::Document& made, const std::string& text, unsigned position) {
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find(' ', begin), text.size());
      made.add_posting(text.substr(begin, end - begin), position++);
      begin = end + 1;
    }
    return position;
  }

  std::optional<Xapian::Database> database_;
  std::optional<Xapian::Enquire> enquire_;
};

}  // namespace

std::unique_ptr<Engine> make_xapian_engine() {
  return std::make_unique<XapianEngine>();
}

}  // namespace hearth::bench
