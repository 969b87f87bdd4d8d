// A generation of vectors, built at once and mapped. Parameters of the build and the search can be
// given in the environment (HEARTH_DEGREE, HEARTH_BUILD_WIDTH, …), to try others.
#include <cstdlib>
#include <numeric>

#include "search/vector/build.hpp"
#include "search/vector/segment.hpp"
#include "search/vector/segment_writer.hpp"
#include "search/vector/store_search.hpp"
#include "search/vector_engine.hpp"
#include "store/env.hpp"
#include "support.hpp"

namespace hearth::bench {
namespace {

namespace vec = search::vector;

template <typename T>
T value_of(Result<T> result) {
  if (!result) die(result.error().message);
  return std::move(*result);
}
void check(const Result<void>& result) {
  if (!result) die(result.error().message);
}

std::uint32_t number_from(const char* name, std::uint32_t fallback) {
  const char* text = std::getenv(name);
  return text == nullptr ? fallback : static_cast<std::uint32_t>(std::strtoul(text, nullptr, 10));
}

class HearthVectorEngine final : public VectorEngine {
 public:
  explicit HearthVectorEngine(std::uint32_t code_bits) : code_bits_(code_bits) {}

  void build(const std::string& path, const Matrix& vectors, unsigned threads) override {
    std::vector<const float*> rows;
    for (std::size_t i = 0; i < vectors.rows; ++i) rows.push_back(vectors.row(i));
    vec::BuildOptions options{.threads = threads};
    options.passes = number_from("HEARTH_PASSES", options.passes);
    options.graph.degree = number_from("HEARTH_DEGREE", options.graph.degree);
    options.graph.build_width = number_from("HEARTH_BUILD_WIDTH", options.graph.build_width);
    options.graph.alpha = static_cast<float>(number_from("HEARTH_ALPHA_PERCENT", 120)) / 100;
    const auto graph = value_of(vec::build_graph(
        vec::space_of(vec::Metric::cosine, vectors.dimensions, rows), rows, options, {}));
    std::vector<vec::Key> keys(vectors.rows);
    std::iota(keys.begin(), keys.end(), vec::Key{0});
    const auto file = value_of(store::system_env().create(path, 0600));
    search::GenerationWriter writer(*file, vec::segment_kind, search::GenerationWriter::page_size);
    check(vec::write_segment(*graph, keys, code_bits_, writer, {}));
    check(writer.finish(1));
  }
  void open(const std::string& path, std::size_t) override {
    segment_ = value_of(vec::Segment::open(
        value_of(search::Generation::open(store::system_env(), path, vec::segment_kind))));
    none_ = std::make_unique<search::Tombstones>(segment_->nodes());
  }
  bool select_share(std::uint32_t one_in) override {
    allowed_ = std::make_unique<vec::NodeSet>(segment_->nodes());
    for (vec::NodeId node = 0; node < segment_->nodes(); ++node) {
      if (segment_->key(node) % one_in == 0) allowed_->insert(node);
    }
    return true;
  }
  std::vector<std::uint32_t> search(const float* query, std::size_t k, std::size_t width) override {
    static const std::uint32_t rerank = number_from("HEARTH_RERANK", 0);
    static const bool is_exact = number_from("HEARTH_EXACT", 0) != 0;
    vec::TopK best(k);
    vec::search_store({*segment_, segment_->nodes(), *none_, allowed_.get()},
                      {query, segment_->space().mean.size()}, k,
                      {.walk = width, .rerank = rerank, .is_exact = is_exact}, best);
    std::vector<std::uint32_t> found;
    for (const vec::Hit& hit : best.take()) found.push_back(static_cast<std::uint32_t>(hit.key));
    return found;
  }

 private:
  const std::uint32_t code_bits_;
  std::shared_ptr<const vec::Segment> segment_;
  std::unique_ptr<search::Tombstones> none_;
  std::unique_ptr<vec::NodeSet> allowed_;
};

}  // namespace

std::unique_ptr<VectorEngine> make_hearth_vector_engine(std::uint32_t code_bits) {
  return std::make_unique<HearthVectorEngine>(code_bits);
}

}  // namespace hearth::bench
