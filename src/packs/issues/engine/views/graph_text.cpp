#include "packs/issues/engine/views/graph_text.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "packs/issues/engine/short_text.hpp"
#include "packs/issues/engine/views/dependency_order.hpp"
#include "packs/issues/engine/views/ready.hpp"

namespace hearth::packs::issues {
namespace {

constexpr std::size_t most_title_bytes = 80;

enum class Link : std::uint8_t { before, circle, part, related };

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

// Mermaid writes what has a meaning of its own as #NAME; or #CODE;.
std::string mermaid_escaped(std::string_view text) {
  static constexpr std::string_view meaningful = "\"#&<>`\\";
  std::string escaped;
  for (const char c : text) {
    if (meaningful.contains(c)) {
      escaped += "#" + std::to_string(static_cast<int>(c)) + ";";
    } else {
      escaped += is_control(c) ? ' ' : c;
    }
  }
  return escaped;
}

std::string dot_escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += is_control(c) ? ' ' : c;
  }
  return escaped;
}

struct Notation {
  std::string_view head;
  std::string_view tail;
  std::string_view node_begin;  // after its name
  std::string_view open_end;    // after its label
  std::string_view closed_end;
  std::string (*escaped)(std::string_view);
  // Between two nodes and behind them, by Link.
  std::pair<std::string_view, std::string_view> links[4];
};

constexpr Notation mermaid{
    .head = "flowchart TD\n",
    .tail = "  classDef closed fill:#ddd,stroke:#999,color:#666\n",
    .node_begin = "[\"",
    .open_end = "\"]\n",
    .closed_end = "\"]:::closed\n",
    .escaped = mermaid_escaped,
    .links = {{" --> ", "\n"}, {" ==>|circle| ", "\n"}, {" --o ", "\n"}, {" -.- ", "\n"}},
};
constexpr Notation dot{
    .head = "digraph issues {\n  node [shape=box]\n",
    .tail = "}\n",
    .node_begin = " [label=\"",
    .open_end = "\"]\n",
    .closed_end = "\", style=filled, fillcolor=gray85]\n",
    .escaped = dot_escaped,
    .links = {{" -> ", "\n"},
              {" -> ", " [color=red, label=\"circle\"]\n"},
              {" -> ", " [style=dotted, arrowhead=odot]\n"},
              {" -> ", " [style=dashed, dir=none]\n"}},
};

// The number of the circle that a position is part of; 0 for none.
std::vector<std::size_t> circle_numbers(const IssueGraph& graph) {
  std::vector<std::size_t> numbers(graph.size());
  const auto circles = order_of(graph).circles;
  for (std::size_t i = 0; i < circles.size(); ++i) {
    for (const Position at : circles[i]) numbers[at] = i + 1;
  }
  return numbers;
}

class Drawing {
 public:
  Drawing(const IssueGraph& graph,
          std::span<const Position> shown,
          const Notation& notation,
          const ShortId& short_id)
      : graph_(graph),
        short_id_(short_id),
        notation_(notation),
        names_(graph.size()),
        circles_(circle_numbers(graph)),
        text_(notation.head) {
    for (const Position at : shown) names_[at] = "n" + std::to_string(++count_);
    for (const Position at : shown) add_node(at);
    for (const Position at : shown) add_links(at);
    text_ += notation.tail;
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  void add_node(Position at) {
    const Summary& issue = graph_.issue(at);
    const bool is_closed = issue.state == State::closed;
    text_.append("  ").append(names_[at]).append(notation_.node_begin);
    text_.append(
        notation_.escaped(short_id_(issue.id) + " " + shortened(issue.title, most_title_bytes)));
    text_.append(is_closed ? notation_.closed_end : notation_.open_end);
  }

  void add_links(Position at) {
    for (const Position to : graph_.after(at)) {
      const bool in_circle = circles_[at] != 0 && circles_[at] == circles_[to];
      add(at, to, in_circle ? Link::circle : Link::before);
    }
    for (const Position part : graph_.children(at)) add(at, part, Link::part);
    for (const Position other : graph_.related(at)) {
      if (at < other) add(at, other, Link::related);
    }
  }

  void add(Position from, Position to, Link link) {
    if (names_[to].empty()) return;
    const auto& [between, behind] = notation_.links[std::to_underlying(link)];
    text_.append("  ").append(names_[from]).append(between).append(names_[to]).append(behind);
  }

  const IssueGraph& graph_;
  const ShortId& short_id_;
  const Notation& notation_;
  std::vector<std::string> names_;  // of what is shown
  std::vector<std::size_t> circles_;
  std::string text_;
  std::size_t count_ = 0;
};

}  // namespace

std::string graph_text(const IssueGraph& graph,
                       std::span<const Position> shown,
                       GraphSyntax syntax,
                       const ShortId& short_id) {
  return Drawing(graph, shown, syntax == GraphSyntax::dot ? dot : mermaid, short_id).take();
}

}  // namespace hearth::packs::issues
