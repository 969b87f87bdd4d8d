#include "blackbox/knowledge_load.hpp"

#include <utility>

#include "support/sizes.hpp"

namespace hearth::test {
namespace {

// Title → ids of every entry in the store.
Result<std::multimap<std::string, std::string>> list_all(JsonRpcPeer& peer) {
  std::multimap<std::string, std::string> found;
  json::Object arguments{{"limit", 500}};
  for (;;) {
    const auto page = peer.call("knowledge_list", arguments, patience);
    if (!page) return std::unexpected(page.error());
    const json::Value* entries = json::find(*page, "entries");
    if (entries == nullptr || !entries->is_array())
      return fail(Errc::internal, "knowledge_list: " + json::dump(*page));
    for (const json::Value& entry : entries->get_array()) {
      found.emplace(json::string_or(entry, "title", ""), json::string_or(entry, "id", ""));
    }
    const auto cursor = json::string_or(*page, "cursor", "");
    if (cursor.empty()) return found;
    arguments["cursor"] = cursor;
  }
}

bool has_hit(const json::Value& result, std::string_view id) {
  const json::Value* hits = json::find(result, "hits");
  if (hits == nullptr || !hits->is_array()) return false;
  for (const json::Value& hit : hits->get_array())
    if (json::string_or(hit, "id", "") == id) return true;
  return false;
}

// Whether a search finds an entry. An index that a kill has left behind catches up, and says so
// until it has: such an answer is asked for again.
Result<void> find(JsonRpcPeer& peer,
                  const std::string& query,
                  const std::string& id,
                  const char* mode = "hybrid") {
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    const auto answer = peer.call("knowledge_search", {{"query", query}, {"mode", mode}}, patience);
    if (!answer) return std::unexpected(answer.error());
    if (has_hit(*answer, id)) return {};
    const bool is_degraded = json::find(*answer, "degraded") != nullptr;
    if (!is_degraded || std::chrono::steady_clock::now() > until) {
      return fail(Errc::not_found, json::dump(*answer).substr(0, 400));
    }
  }
}

}  // namespace

std::string text_of(std::string_view title) {
  return "The note " + std::string(title) + " says that kettles warm slowly.";
}

const std::pair<const std::string, std::string>* Scribe::pick() {
  return notes_.empty() ? nullptr : notes_[random_() % notes_.size()];
}

void Scribe::complain(std::string_view what, const Error& error) {
  complaints_.push_back(name_ + ": " + std::string(what) + ": " +
                        std::string(errc_name(error.code)) + " " + error.message);
}

void Scribe::step(JsonRpcPeer& peer) {
  const auto dice = random_() % 10;
  const auto began = std::chrono::steady_clock::now();
  if (dice < 5) {
    remember(peer, 1);
  } else if (dice < 6) {
    remember(peer, 3);
  } else if (dice < 8) {
    search(peer);
  } else {
    get(peer);
  }
  spans_.push_back({began, std::chrono::steady_clock::now()});
}

void Scribe::remember(JsonRpcPeer& peer, int how_many) {
  std::vector<std::pair<int, std::string>> sent;
  for (int i = 0; i < how_many; ++i) {
    const std::string title = name_ + "n" + std::to_string(++last_note_);
    sent.emplace_back(
        peer.send_call("knowledge_remember", {{"title", title}, {"text", text_of(title)}}), title);
  }
  for (const auto& [request, title] : sent) {
    const auto answer = peer.receive_call(request, patience);
    if (answer) {
      const auto [slot, is_new] = by_id_.emplace(json::string_or(*answer, "id", ""), title);
      if (is_new) {
        notes_.push_back(&*slot);
      } else {
        complaints_.push_back(name_ + ": the id of " + title + " was given before");
      }
      continue;
    }
    unknown_.insert(title);
    if (answer.error().code != Errc::outcome_unknown) complain("remember", answer.error());
  }
}

void Scribe::search(JsonRpcPeer& peer) {
  const auto* note = pick();
  if (note == nullptr) return;
  const auto found = find(peer, note->second, note->first);
  if (!found) complain("search of " + note->second, found.error());
}

void Scribe::get(JsonRpcPeer& peer) {
  const auto* note = pick();
  if (note == nullptr) return;
  const auto answer = peer.call("knowledge_get", {{"id", note->first}}, patience);
  if (!answer) return complain("get", answer.error());
  if (json::string_or(*answer, "text", "") != text_of(note->second))
    complaints_.push_back(name_ + ": get of " + note->second + ": " + json::dump(*answer));
}

namespace {

// The texts themselves, and that the index knows them; asked many at a time.
void compare_texts(JsonRpcPeer& peer, const Scribe& scribe, std::vector<std::string>& findings) {
  constexpr std::size_t at_once = 32;
  struct Asked {
    std::string id;
    std::string title;
    int get = 0;
    int search = 0;
  };
  std::vector<Asked> asked;
  const auto receive = [&] {
    for (const Asked& each : asked) {
      const auto entry = peer.receive_call(each.get, patience);
      if (!entry || json::string_or(*entry, "text", "") != text_of(each.title))
        findings.push_back("differs: " + each.title);
      const auto found = peer.receive_call(each.search, patience);
      const bool is_found = found && has_hit(*found, each.id);
      // Again, if the index is behind; on its own, since these wait for each other.
      if (!is_found && !find(peer, each.title, each.id, "words"))
        findings.push_back("not in the index: " + each.title);
    }
    asked.clear();
  };
  for (const auto& [id, title] : scribe.acknowledged()) {
    asked.push_back({id, title, peer.send_call("knowledge_get", {{"id", id}}),
                     peer.send_call("knowledge_search", {{"query", title}, {"mode", "words"}})});
    if (asked.size() == at_once) receive();
  }
  receive();
}

}  // namespace

std::vector<std::string> audit(JsonRpcPeer& peer, const std::vector<const Scribe*>& scribes) {
  const auto found = list_all(peer);
  if (!found) return {"knowledge_list: " + found.error().message};
  std::vector<std::string> findings;
  std::set<std::string> known;
  for (const Scribe* scribe : scribes) {
    for (const auto& [id, title] : scribe->acknowledged()) {
      known.insert(title);
      const auto [begin, end] = found->equal_range(title);
      const bool is_there =
          std::any_of(begin, end, [&](const auto& entry) { return entry.second == id; });
      if (!is_there) findings.push_back("lost: " + title + " (" + id + ")");
    }
    known.insert(scribe->unknown().begin(), scribe->unknown().end());
  }
  for (auto at = found->begin(); at != found->end(); at = found->upper_bound(at->first)) {
    if (found->count(at->first) > 1) findings.push_back("twice: " + at->first);
    if (!known.contains(at->first)) findings.push_back("nobody wrote: " + at->first);
  }
  for (const Scribe* scribe : scribes) compare_texts(peer, *scribe, findings);
  return findings;
}

std::string listed(const std::vector<std::string>& lines) {
  std::string text;
  for (std::size_t i = 0; i < lines.size() && i < 20; ++i) text += lines[i] + "\n";
  if (lines.size() > 20) text += "… " + std::to_string(lines.size()) + " in all\n";
  return text;
}

}  // namespace hearth::test
