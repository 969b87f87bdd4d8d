#include "packs/issues/engine/symbols/extract.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

#include "packs/issues/engine/symbols/definitions.hpp"
#include "search/text/unicode.hpp"

namespace hearth::packs::issues {
namespace {

using Parser = std::unique_ptr<TSParser, decltype(&ts_parser_delete)>;
using Tree = std::unique_ptr<TSTree, decltype(&ts_tree_delete)>;

bool is_over(const ExtractLimits& limits) {
  return limits.stop.stop_requested() || std::chrono::steady_clock::now() >= limits.deadline;
}

std::unexpected<Error> ended_early(const ExtractLimits& limits) {
  if (limits.stop.stop_requested()) return fail(Errc::cancelled, "the request was withdrawn");
  return fail(Errc::timed_out, "parsing took too long; the file has no symbols");
}

// Null when the limits ended it. The runtime asks every hundred steps of the parser.
Tree parse(TSParser* parser, std::string_view text, const ExtractLimits& limits) {
  std::pair payload(text, &limits);
  using Payload = decltype(payload);
  const auto read = [](void* from, std::uint32_t at, TSPoint, std::uint32_t* size) {
    const std::string_view all = static_cast<Payload*>(from)->first;
    const std::string_view rest = all.substr(std::min<std::size_t>(at, all.size()));
    *size = static_cast<std::uint32_t>(rest.size());
    return rest.data();
  };
  const auto stops = [](TSParseState* state) {
    return is_over(*static_cast<Payload*>(state->payload)->second);
  };
  const TSInput input{&payload, read, TSInputEncodingUTF8, nullptr};
  return Tree(ts_parser_parse_with_options(parser, nullptr, input, {&payload, stops}),
              ts_tree_delete);
}

int specificity(std::string_view kind) {
  if (kind == "type") return 2;
  const bool is_code = kind == "function" || kind == "method" || kind == "impl" ||
                       kind == "const" || kind == "static";
  return is_code ? 1 : 0;
}

// What stands at one line and is equally specific stays in the order of the source. (libstdc++'s
// stable_sort would do, but for a deprecated function in it that Clang warns of.)
std::vector<Symbol> in_order(std::vector<Symbol> found) {
  std::vector<std::tuple<std::uint32_t, int, std::size_t>> keys;
  keys.reserve(found.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    keys.emplace_back(found[i].line_start, specificity(found[i].kind), i);
  }
  std::ranges::sort(keys);
  std::vector<Symbol> symbols;
  symbols.reserve(found.size());
  for (const auto& [line, kind, i] : keys) {
    const bool same = !symbols.empty() && symbols.back().line_start == line &&
                      symbols.back().name == found[i].name;
    if (!same) symbols.push_back(std::move(found[i]));
  }
  return symbols;
}

}  // namespace

bool has_symbols() {
  return true;
}

Result<std::vector<Symbol>> extract_symbols(Language language,
                                            std::string_view text,
                                            const ExtractLimits& limits) {
  if (text.size() > limits.most_bytes) {
    return fail(Errc::invalid_args, "a file of " + std::to_string(text.size()) +
                                        " bytes has no symbols; the limit is " +
                                        std::to_string(limits.most_bytes));
  }
  if (!search::text::is_utf8(text)) return fail(Errc::unsupported, "the file is not UTF-8");
  if (is_over(limits)) return ended_early(limits);
  const Parser parser(ts_parser_new(), ts_parser_delete);
  if (!ts_parser_set_language(parser.get(), grammar_of(language))) {
    return fail(Errc::internal,
                "the runtime refuses the grammar of " + std::string(language_name(language)));
  }
  const Tree tree = parse(parser.get(), text, limits);
  if (!tree) return ended_early(limits);
  return in_order(definitions_in(ts_tree_root_node(tree.get()), language, text));
}

}  // namespace hearth::packs::issues
