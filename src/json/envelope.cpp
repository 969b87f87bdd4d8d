#include "json/envelope.hpp"

#include <cstdint>
#include <optional>

#include "json/json.hpp"
#include "json/limits.hpp"

namespace hearth::json {
namespace {

std::unexpected<Error> malformed(std::string_view what, std::size_t at) {
  return fail(Errc::invalid_args,
              "JSON-RPC: " + std::string(what) + " at byte " + std::to_string(at));
}

// Walks over JSON text. Every step returns false at something that cannot be JSON; `at()` then says
// where.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  [[nodiscard]] std::size_t at() const { return at_; }
  [[nodiscard]] bool is_end() const { return at_ >= text_.size(); }
  [[nodiscard]] char peek() const { return is_end() ? '\0' : text_[at_]; }

  void skip_space() {
    while (!is_end() && (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r'))
      ++at_;
  }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  // A string with its quotes.
  bool take_string(std::string_view& out) {
    const std::size_t begin = at_;
    if (!take('"')) return false;
    while (!is_end()) {
      const char c = text_[at_++];
      if (c == '"') {
        out = text_.substr(begin, at_ - begin);
        return true;
      }
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c == '\\') ++at_;
    }
    return false;
  }

  // Why take_value() has failed.
  [[nodiscard]] std::string_view problem() const {
    return is_too_deep_ ? "a value nested more than 64 levels deep" : "a value that does not end";
  }

  // Any value. Inside objects and arrays only strings and brackets are looked at.
  bool take_value(std::string_view& out) {
    const std::size_t begin = at_;
    std::string_view ignored;
    bool good = false;
    if (peek() == '"') {
      good = take_string(ignored);
    } else if (peek() == '{' || peek() == '[') {
      good = skip_nested();
    } else {
      while (!is_end() && is_literal(peek())) ++at_;
      good = at_ > begin;
    }
    out = text_.substr(begin, at_ - begin);
    return good;
  }

 private:
  static bool is_literal(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == 'E' || c == '-' || c == '+' ||
           c == '.';
  }

  bool skip_nested() {
    std::uint64_t is_object = 0;  // one bit a level: the bracket that closes it
    std::size_t depth = 0;
    std::string_view ignored;
    is_too_deep_ = false;
    do {
      const char c = peek();
      if (c == '"') {
        if (!take_string(ignored)) return false;
        continue;
      }
      if (is_end()) return false;
      ++at_;
      if (c == '{' || c == '[') {
        is_too_deep_ = ++depth > max_depth;
        if (is_too_deep_) return false;
        is_object = is_object << 1 | (c == '{' ? 1 : 0);
      } else if (c == '}' || c == ']') {
        if ((is_object & 1) != (c == '}' ? 1U : 0U)) return false;
        is_object >>= 1;
        --depth;
      }
    } while (depth > 0);
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool is_too_deep_ = false;
};

// Ids are echoed byte for byte, so they must be JSON: a number, or a string whose odd bytes the
// parser has seen.
bool is_valid_id(std::string_view id) {
  bool is_plain = id.size() <= 18;
  for (const char c : id) is_plain = is_plain && c >= '0' && c <= '9';
  if (is_plain) return id.size() == 1 || id.front() != '0';
  const auto value = parse(id);
  return value && (value->is_string() || value->is_number());
}

std::optional<std::string> unescape(std::string_view text) {
  if (text.find('\\') == std::string_view::npos)
    return std::string(text.substr(1, text.size() - 2));
  const auto value = parse(text);
  if (!value || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

// Where a top-level member's text goes; null for members that nobody here reads.
std::string_view* slot_of(Envelope& envelope, std::string_view name) {
  if (name == "\"id\"") return &envelope.id;
  if (name == "\"params\"") return &envelope.params;
  if (name == "\"result\"") return &envelope.result;
  if (name == "\"error\"") return &envelope.error;
  if (name == "\"hearth\"") return &envelope.hearth;
  return nullptr;
}

Result<void> take_member(Scanner& scan, Envelope& envelope) {
  std::string_view name;
  std::string_view value;
  const std::size_t begin = scan.at();
  if (!scan.take_string(name)) return malformed("expected a member name", scan.at());
  scan.skip_space();
  if (!scan.take(':')) return malformed("expected \":\"", scan.at());
  scan.skip_space();
  if (!scan.take_value(value)) return malformed(scan.problem(), scan.at());
  if (name == "\"method\"") {
    auto method = value.starts_with('"') ? unescape(value) : std::nullopt;
    if (!method || method->empty()) return malformed("\"method\" must be a string", begin);
    if (!envelope.method.empty()) return malformed("\"method\" twice", begin);
    envelope.method = std::move(*method);
    return {};
  }
  std::string_view* slot = slot_of(envelope, name);
  if (slot == nullptr) return {};
  if (!slot->empty()) return malformed(std::string(name) + " twice", begin);
  *slot = value;
  return {};
}

Result<void> check_members(const Envelope& envelope) {
  if (!envelope.id.empty() && !is_valid_id(envelope.id)) {
    return fail(Errc::invalid_args, "JSON-RPC: \"id\" must be a string or a number");
  }
  if (!envelope.params.empty() && envelope.params.front() != '{' &&
      envelope.params.front() != '[') {
    return fail(Errc::invalid_args, "JSON-RPC: \"params\" must be an object or an array");
  }
  if (envelope.is_response() && envelope.result.empty() && envelope.error.empty()) {
    return fail(Errc::invalid_args, "JSON-RPC: neither \"method\" nor \"result\" nor \"error\"");
  }
  return {};
}

}  // namespace

Result<Envelope> scan_envelope(std::string_view message) {
  Scanner scan(message);
  Envelope envelope;
  scan.skip_space();
  if (scan.peek() == '[')
    return malformed("batches are not supported; send one message at a time", scan.at());
  if (!scan.take('{')) return malformed("expected an object", scan.at());
  scan.skip_space();
  if (!scan.take('}')) {
    do {
      scan.skip_space();
      if (auto member = take_member(scan, envelope); !member)
        return std::unexpected(member.error());
      scan.skip_space();
    } while (scan.take(','));
    if (!scan.take('}')) return malformed("expected \",\" or \"}\"", scan.at());
  }
  scan.skip_space();
  if (!scan.is_end()) return malformed("text after the message", scan.at());
  if (auto checked = check_members(envelope); !checked) return std::unexpected(checked.error());
  return envelope;
}

Result<void> scan_members(std::string_view object,
                          const std::function<void(std::string_view, std::string_view)>& take) {
  Scanner scan(object);
  scan.skip_space();
  if (!scan.take('{')) return malformed("expected an object", scan.at());
  scan.skip_space();
  if (scan.take('}')) return {};
  do {
    std::string_view name;
    std::string_view value;
    scan.skip_space();
    if (!scan.take_string(name)) return malformed("expected a member name", scan.at());
    scan.skip_space();
    if (!scan.take(':')) return malformed("expected \":\"", scan.at());
    scan.skip_space();
    if (!scan.take_value(value)) return malformed(scan.problem(), scan.at());
    const auto plain = unescape(name);
    if (!plain) return malformed("a member name that is no JSON string", scan.at());
    take(*plain, value);
    scan.skip_space();
  } while (scan.take(','));
  if (!scan.take('}')) return malformed("expected \",\" or \"}\"", scan.at());
  return {};
}

Result<std::string> unquote(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"')
    return fail(Errc::invalid_args, "JSON: expected a string");
  auto plain = unescape(text);
  if (!plain) return fail(Errc::invalid_args, "JSON: a string with a bad escape");
  return std::move(*plain);
}

std::string_view salvage_id(std::string_view message) {
  Scanner scan(message);
  Envelope envelope;
  scan.skip_space();
  if (!scan.take('{')) return {};
  do {
    scan.skip_space();
    if (!take_member(scan, envelope)) break;
    scan.skip_space();
  } while (scan.take(','));
  return !envelope.id.empty() && is_valid_id(envelope.id) ? envelope.id : std::string_view{};
}

}  // namespace hearth::json
