#include "secrets/redactor.hpp"

#include <algorithm>
#include <bitset>

#include "base/guarded.hpp"
#include "secrets/encodings.hpp"

namespace hearth::secrets {
namespace {

struct Form {
  std::string text;
  std::string name;
};

struct Forms {
  std::vector<Form> all;  // the longest first
  std::bitset<256> first;
  std::size_t longest = 0;
};

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

// So that long white space costs nothing, and a stream knows how much to hold back.
std::size_t longest_match(std::size_t form_size) {
  return 3 * form_size;
}

// How many characters of `text` are `form`, with white space between its characters or without; 0:
// it does not begin so. As JSON and logs write them, line ends may be "\n", too.
std::size_t match(std::string_view text, std::string_view form) {
  std::size_t at = 0;
  const std::size_t most = longest_match(form.size());
  for (std::size_t i = 0; i < form.size(); ++i) {
    while (at < text.size() && text[at] != form[i] && i > 0) {
      const bool is_escaped =
          text[at] == '\\' && at + 1 < text.size() && (text[at + 1] == 'n' || text[at + 1] == 'r');
      if ((!is_space(text[at]) && !is_escaped) || at >= most) return 0;
      at += is_escaped ? 2 : 1;
    }
    if (at >= text.size() || text[at] != form[i]) return 0;
    ++at;
  }
  return at;
}

std::string label(const std::string& name) {
  return "[secret " + name + "]";
}

}  // namespace

struct Redactor::Known {
  Guarded<std::shared_ptr<const Forms>> forms{std::make_shared<const Forms>()};
};

Redactor::Redactor() : known_(std::make_shared<Known>()) {}

void Redactor::add(const std::string& name, std::string_view value) {
  if (value.size() < shortest) return;
  const auto access = known_->forms.lock();
  auto forms = std::make_shared<Forms>(**access);
  for (std::string& text : forms_of(value, shortest)) {
    if (std::ranges::any_of(forms->all, [&](const Form& each) { return each.text == text; }))
      continue;
    forms->first.set(static_cast<unsigned char>(text.front()));
    forms->longest = std::max(forms->longest, text.size());
    forms->all.push_back({.text = std::move(text), .name = name});
  }
  std::ranges::sort(forms->all, std::ranges::greater(),
                    [](const Form& each) { return each.text.size(); });
  *access = std::move(forms);
}

std::vector<Redactor::Found> Redactor::find(std::string_view text) const {
  const std::shared_ptr<const Forms> forms = *known_->forms.lock();
  std::vector<Found> found;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t length = 0;
    if (forms->first.test(static_cast<unsigned char>(text[at]))) {
      for (const Form& form : forms->all) {
        length = match(text.substr(at), form.text);
        if (length == 0) continue;
        found.push_back({.begin = at, .end = at + length, .name = form.name});
        break;
      }
    }
    at += std::max<std::size_t>(length, 1);
  }
  return found;
}

std::size_t Redactor::longest() const {
  return (*known_->forms.lock())->longest;
}

std::string Redactor::redact(std::string_view text) const {
  std::string clean;
  std::size_t at = 0;
  for (const Found& each : find(text)) {
    clean.append(text.substr(at, each.begin - at)).append(label(each.name));
    at = each.end;
  }
  return clean.append(text.substr(at));
}

std::string StreamRedactor::feed(std::string_view part) {
  held_.append(part);
  const std::size_t most_held = longest_match(redactor_.longest()) + 2;
  std::size_t cut = held_.size() - std::min(held_.size(), most_held);
  for (const auto& each : redactor_.find(held_)) {
    if (each.begin < cut && each.end > cut) cut = each.end;
  }
  std::string clean = redactor_.redact(std::string_view(held_).substr(0, cut));
  held_.erase(0, cut);
  return clean;
}

std::string StreamRedactor::finish() {
  return redactor_.redact(std::exchange(held_, {}));
}

}  // namespace hearth::secrets
