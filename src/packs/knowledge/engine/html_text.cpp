#include "packs/knowledge/engine/html_text.hpp"

#include <gumbo.h>

#include <algorithm>
#include <array>
#include <memory>

namespace hearth::packs::knowledge {
namespace {

constexpr int deepest = 400;

constexpr auto left_out = std::to_array<GumboTag>(
    {GUMBO_TAG_SCRIPT, GUMBO_TAG_STYLE, GUMBO_TAG_NOSCRIPT, GUMBO_TAG_TEMPLATE, GUMBO_TAG_NAV,
     GUMBO_TAG_BUTTON, GUMBO_TAG_SELECT, GUMBO_TAG_SVG, GUMBO_TAG_IFRAME});
constexpr auto blocks = std::to_array<GumboTag>(
    {GUMBO_TAG_P,       GUMBO_TAG_DIV,    GUMBO_TAG_SECTION,    GUMBO_TAG_ARTICLE, GUMBO_TAG_MAIN,
     GUMBO_TAG_ASIDE,   GUMBO_TAG_HEADER, GUMBO_TAG_FOOTER,     GUMBO_TAG_UL,      GUMBO_TAG_OL,
     GUMBO_TAG_DL,      GUMBO_TAG_DT,     GUMBO_TAG_DD,         GUMBO_TAG_TABLE,   GUMBO_TAG_TR,
     GUMBO_TAG_CAPTION, GUMBO_TAG_FIGURE, GUMBO_TAG_BLOCKQUOTE, GUMBO_TAG_ADDRESS, GUMBO_TAG_BODY,
     GUMBO_TAG_DETAILS, GUMBO_TAG_SUMMARY});

bool is_one_of(const auto& tags, GumboTag tag) {
  return std::ranges::find(tags, tag) != tags.end();
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

class Writer {
 public:
  // False when it is nested too deep.
  bool node(const GumboNode& node, int depth) {
    if (depth > deepest) return false;
    switch (node.type) {
      case GUMBO_NODE_TEXT:
      case GUMBO_NODE_CDATA:
        text(node.v.text.text);
        return true;
      case GUMBO_NODE_WHITESPACE:
        is_blank_due_ = true;
        return true;
      case GUMBO_NODE_ELEMENT:
        return element(node.v.element, depth);
      default:
        return true;
    }
  }

  std::string take() {
    while (!out_.empty() && is_blank(out_.back())) out_.pop_back();
    if (!out_.empty()) out_.push_back('\n');
    return std::move(out_);
  }

 private:
  bool element(const GumboElement& element, int depth) {
    const GumboTag tag = element.tag;
    if (is_one_of(left_out, tag)) return true;
    if (tag == GUMBO_TAG_BR) {
      out_ += '\n';
      return true;
    }
    if (tag == GUMBO_TAG_HEAD) return title_of(element, depth);
    if (tag >= GUMBO_TAG_H1 && tag <= GUMBO_TAG_H6) {
      block();
      out_.append(static_cast<std::size_t>(tag - GUMBO_TAG_H1) + 1, '#').push_back(' ');
      const bool is_good = children(element, depth);
      block();
      return is_good;
    }
    if (tag == GUMBO_TAG_LI) {
      line();
      out_ += "- ";
      return children(element, depth);
    }
    if (tag == GUMBO_TAG_PRE) {
      block();
      is_preformatted_ = true;
      const bool is_good = children(element, depth);
      is_preformatted_ = false;
      block();
      return is_good;
    }
    if (tag == GUMBO_TAG_TD || tag == GUMBO_TAG_TH) {
      is_blank_due_ = true;
      const bool is_good = children(element, depth);
      is_blank_due_ = true;
      return is_good;
    }
    const bool is_block = is_one_of(blocks, tag);
    if (is_block) block();
    const bool is_good = children(element, depth);
    if (is_block) block();
    return is_good;
  }

  bool title_of(const GumboElement& head, int depth) {
    for (unsigned i = 0; i < head.children.length; ++i) {
      const auto* child = static_cast<const GumboNode*>(head.children.data[i]);
      if (child->type != GUMBO_NODE_ELEMENT || child->v.element.tag != GUMBO_TAG_TITLE) continue;
      out_ += "# ";
      const bool is_good = children(child->v.element, depth + 1);
      block();
      return is_good;
    }
    return true;
  }

  bool children(const GumboElement& element, int depth) {
    for (unsigned i = 0; i < element.children.length; ++i) {
      if (!node(*static_cast<const GumboNode*>(element.children.data[i]), depth + 1)) return false;
    }
    return true;
  }

  void text(std::string_view words) {
    if (is_preformatted_) {
      out_.append(words);
      return;
    }
    for (const char c : words) {
      if (is_blank(c)) {
        is_blank_due_ = true;
        continue;
      }
      const bool is_at_start = out_.empty() || is_blank(out_.back());
      if (is_blank_due_ && !is_at_start) out_.push_back(' ');
      is_blank_due_ = false;
      out_.push_back(c);
    }
  }

  void line() {
    while (!out_.empty() && out_.back() == ' ') out_.pop_back();
    if (!out_.empty() && out_.back() != '\n') out_.push_back('\n');
    is_blank_due_ = false;
  }
  void block() {
    line();
    if (!out_.empty() && !out_.ends_with("\n\n")) out_.push_back('\n');
  }

  std::string out_;
  bool is_blank_due_ = false;
  bool is_preformatted_ = false;
};

// ---- What may be parsed -----------------------------------------------------------------------

// Gumbo walks its tree by recursion, and takes quadratic time for elements that nobody closes.
constexpr int deepest_open = 1000;
// Whose ends are optional, or which have none: however many there are, they are not nested.
constexpr auto self_ending = std::to_array<std::string_view>(
    {"area",  "base", "br",    "col",  "dd",       "dt",     "embed", "hr",    "img",
     "input", "li",   "link",  "meta", "optgroup", "option", "p",     "param", "source",
     "tbody", "td",   "tfoot", "th",   "thead",    "tr",     "track", "wbr"});

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string tag_name(std::string_view html, std::size_t at) {
  std::string name;
  for (; at < html.size() && name.size() < 16; ++at) {
    const char c = html[at];
    if (!is_letter(c) && !(c >= '0' && c <= '9')) break;
    name.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  return name;
}

// Counts open elements without parsing them.
bool is_nested_too_deep(std::string_view html) {
  int open = 0;
  for (std::size_t at = html.find('<'); at < html.size(); at = html.find('<', at + 1)) {
    if (html.substr(at).starts_with("<!--")) {
      at = html.find("-->", at);
      if (at == std::string_view::npos) return false;
      continue;
    }
    const bool is_end = at + 1 < html.size() && html[at + 1] == '/';
    const std::string name = tag_name(html, at + (is_end ? 2 : 1));
    if (name.empty() || std::ranges::find(self_ending, name) != self_ending.end()) continue;
    open = is_end ? std::max(open - 1, 0) : open + 1;
    if (open > deepest_open) return true;
    const bool is_raw = !is_end && (name == "script" || name == "style");
    if (!is_raw) continue;
    at = html.find("</", at);  // what is inside is no markup
    if (at == std::string_view::npos) return false;
    --at;
  }
  return false;
}

}  // namespace

Result<std::string> html_to_markdown(std::string_view html) {
  if (is_nested_too_deep(html)) return fail(Errc::unsupported, "nested too deep");
  GumboOptions options = kGumboDefaultOptions;
  options.max_errors = 0;
  const auto destroy = [&](GumboOutput* output) { gumbo_destroy_output(&options, output); };
  const std::unique_ptr<GumboOutput, decltype(destroy)> page(
      gumbo_parse_with_options(&options, html.data(), html.size()), destroy);
  Writer writer;
  if (page == nullptr || !writer.node(*page->root, 0)) {
    return fail(Errc::unsupported, "nested too deep");
  }
  return writer.take();
}

}  // namespace hearth::packs::knowledge
