#include "packs/knowledge/openai_embedder.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "base/guarded.hpp"
#include "base/ids.hpp"
#include "packs/knowledge/openai_wire.hpp"
#include "packs/knowledge/query_cache.hpp"
#include "packs/knowledge/unrelated.hpp"

namespace hearth::packs::knowledge {
namespace {

using Vector = std::vector<float>;

std::string name_of(const OpenAiSettings& settings) {
  std::string name = "openai:" + settings.model;
  if (settings.query_prefix.empty() && settings.document_prefix.empty()) return name;
  return name + "+" +
         fingerprint_hex(settings.query_prefix + '\0' + settings.document_prefix).substr(0, 8);
}

std::string endpoint_of(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url.ends_with("/embeddings") ? url : url + "/embeddings";
}

void replace_all(std::string& text, const std::string& what, std::string_view with) {
  if (what.empty()) return;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
}

}  // namespace

// A text that somebody asks for: others wait for the same outcome.
struct OpenAiEmbedder::Flight {
  std::optional<Result<Vector>> outcome;
};

struct OpenAiEmbedder::State {
  struct Shared {
    explicit Shared(std::size_t cache_bytes) : cache(cache_bytes) {}
    std::map<std::string, std::shared_ptr<Flight>, std::less<>> flights;  // by text with prefix
    QueryCache cache;
    UnrelatedMeasure unrelated;
    std::uint32_t dimensions = 0;  // 0: the server has not told yet
    std::optional<EmbeddingModel> remembered;
    std::optional<std::string> key;
  };
  explicit State(std::size_t cache_bytes) : shared(Shared(cache_bytes)) {}
  Guarded<Shared> shared;
};

// One call of embed(): the texts it lacks, those of them that it asks for itself, and those that
// others ask for already.
class OpenAiEmbedder::Asking final {
 public:
  Asking(OpenAiEmbedder& embedder, Texts texts, Purpose purpose, const std::stop_token& stop)
      : embedder_(embedder), shared_(embedder.state_->shared), purpose_(purpose), stop_(stop) {
    const OpenAiSettings& settings = embedder.settings_;
    const std::string& prefix =
        purpose == Purpose::query ? settings.query_prefix : settings.document_prefix;
    for (const std::string_view text : texts) {
      std::string prefixed = prefix + std::string(text);
      if (prefixed.empty()) prefixed = " ";  // some servers refuse the empty text
      const auto [place, is_new] = slots_.try_emplace(std::move(prefixed));
      order_.push_back(&*place);
    }
  }
  ~Asking() { land_rest({Errc::cancelled, "the request was withdrawn", {}}); }
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;

  [[nodiscard]] Result<Vector> run() {
    for (;;) {
      const Slots theirs = divide();
      if (own_.empty() && theirs.empty()) return joined();
      if (auto asked = ask_own(); !asked) {
        land_rest(asked.error());
        return std::unexpected(std::move(asked.error()));
      }
      for (Slot* slot : theirs) {
        if (auto there = await(*slot); !there) return std::unexpected(std::move(there.error()));
      }
    }
  }

 private:
  struct Place {
    Vector vector;  // empty until it is there
    std::shared_ptr<Flight> flight;
  };
  using Slot = std::pair<const std::string, Place>;
  using Slots = std::vector<Slot*>;

  // Begins flights for the texts that nobody asks for; returns the others that are missing.
  [[nodiscard]] Slots divide() {
    Slots theirs;
    auto shared = shared_.lock();
    for (Slot& slot : slots_) {
      auto& [text, place] = slot;
      if (!place.vector.empty()) continue;
      if (const Vector* known = purpose_ == Purpose::query ? shared->cache.find(text) : nullptr) {
        place.vector = *known;
        continue;
      }
      const auto [flight, is_new] = shared->flights.try_emplace(text);
      if (is_new) flight->second = std::make_shared<Flight>();
      place.flight = flight->second;
      (is_new ? own_ : theirs).push_back(&slot);
    }
    return theirs;
  }

  [[nodiscard]] Result<void> ask_own() {
    const OpenAiSettings& settings = embedder_.settings_;
    while (!own_.empty()) {
      std::vector<std::string_view> batch;
      std::size_t bytes = 0;
      for (const Slot* slot : own_) {
        bytes += slot->first.size();
        const bool is_full = batch.size() == settings.batch || bytes > settings.batch_bytes;
        if (!batch.empty() && is_full) break;
        batch.push_back(slot->first);
      }
      auto vectors = embedder_.ask(batch, purpose_, stop_);
      if (!vectors) return std::unexpected(std::move(vectors.error()));
      const auto dimensions = static_cast<long>(vectors->size() / batch.size());
      auto shared = shared_.lock();
      for (std::size_t i = 0; i < batch.size(); ++i) {
        const auto begin = vectors->begin() + static_cast<long>(i) * dimensions;
        auto& [text, place] = *own_[i];
        place.vector.assign(begin, begin + dimensions);
        if (purpose_ == Purpose::query) shared->cache.put(text, place.vector);
        place.flight->outcome = place.vector;
        shared->flights.erase(text);
      }
      own_.erase(own_.begin(), own_.begin() + static_cast<long>(batch.size()));
      shared_.notify_all();
    }
    return {};
  }

  // What another caller's request failed for may concern only that: then the text is ours.
  [[nodiscard]] Result<void> await(Slot& slot) {
    const std::stop_callback wake(stop_, [this] {
      (void)shared_.lock();  // whoever is about to wait does so before it is woken
      shared_.notify_all();
    });
    auto shared = shared_.lock();
    const auto& outcome = slot.second.flight->outcome;
    shared.wait([&](const State::Shared&) { return stop_.stop_requested() || outcome; });
    if (!outcome) return fail(Errc::cancelled, "the request was withdrawn");
    if (*outcome) {
      slot.second.vector = **outcome;
    } else if (const Errc code = outcome->error().code;
               code != Errc::cancelled && code != Errc::invalid_args) {
      return std::unexpected(outcome->error());
    }
    return {};
  }

  void land_rest(const Error& error) {
    if (own_.empty()) return;
    auto shared = shared_.lock();
    for (Slot* slot : own_) {
      slot->second.flight->outcome = std::unexpected(error);
      shared->flights.erase(slot->first);
    }
    own_.clear();
    shared_.notify_all();
  }

  [[nodiscard]] Vector joined() const {
    Vector all;
    for (const Slot* slot : order_)
      all.insert(all.end(), slot->second.vector.begin(), slot->second.vector.end());
    return all;
  }

  OpenAiEmbedder& embedder_;
  Guarded<State::Shared>& shared_;
  const Purpose purpose_;
  const std::stop_token& stop_;
  std::map<std::string, Place> slots_;  // each text once
  Slots order_;                         // as they were given
  Slots own_;                           // flights of ours that have not landed
};

// ---- The embedder -----------------------------------------------------------------------------

OpenAiEmbedder::OpenAiEmbedder(OpenAiSettings settings)
    : settings_(std::move(settings)),
      name_(name_of(settings_)),
      client_(settings_.at_once),
      state_(std::make_unique<State>(settings_.cache_bytes)) {
  if (settings_.server) server_.emplace(*settings_.server, client_);
}

OpenAiEmbedder::~OpenAiEmbedder() = default;

void OpenAiEmbedder::remember(const EmbeddingModel& model) {
  const auto shared = state_->shared.lock();
  const std::uint32_t known = shared->dimensions != 0 ? shared->dimensions : settings_.dimensions;
  const bool fits = model.name == name_ && (known == 0 || known == model.dimensions);
  if (fits && !shared->remembered) shared->remembered = model;
}

Result<EmbeddingModel> OpenAiEmbedder::model() const {
  const auto shared = state_->shared.lock();
  const auto& remembered = shared->remembered;
  EmbeddingModel model{.name = name_, .dimensions = shared->dimensions};
  if (model.dimensions == 0) model.dimensions = settings_.dimensions;
  if (model.dimensions == 0 && remembered) model.dimensions = remembered->dimensions;
  if (model.dimensions == 0) {
    return fail(Errc::unavailable,
                "the dimensions of " + settings_.model + " are not known before its first answer",
                {"set dimensions in [knowledge.embedder]"});
  }
  const bool is_of_old = remembered && !shared->unrelated.is_measured();
  model.unrelated_mean = is_of_old ? remembered->unrelated_mean : shared->unrelated.mean();
  model.unrelated_deviation =
      is_of_old ? remembered->unrelated_deviation : shared->unrelated.deviation();
  return model;
}

Result<Vector> OpenAiEmbedder::embed(Texts texts, Purpose purpose, const std::stop_token& stop) {
  return Asking(*this, texts, purpose, stop).run();
}

// One batch.
Result<Vector> OpenAiEmbedder::ask(Texts texts, Purpose purpose, const std::stop_token& stop) {
  const std::string body = openai::embeddings_request(settings_.model, settings_.dimensions, texts);
  auto response = send(body, purpose, stop);
  if (!response) return std::unexpected(std::move(response.error()));
  auto vectors = openai::parse_embeddings(response->body, texts.size());
  if (!vectors) return std::unexpected(std::move(vectors.error()));
  if (auto fits = check_dimensions(vectors->dimensions); !fits)
    return std::unexpected(std::move(fits.error()));
  if (purpose == Purpose::document)
    state_->shared.lock()->unrelated.take(vectors->values, vectors->dimensions);
  return std::move(vectors->values);
}

// The answer, if it is a success.
Result<http::Response> OpenAiEmbedder::send(const std::string& body,
                                            Purpose purpose,
                                            const std::stop_token& stop) {
  http::Request request{.method = "POST",
                        .url = endpoint_of(settings_.url),
                        .socket = settings_.socket,
                        .headers = {{"Content-Type", "application/json"}},
                        .body = body,
                        .is_repeatable = true,
                        .timeout = settings_.timeout};
  auto secret = key(stop);
  if (!secret) {
    Error error = std::move(secret.error());
    if (error.code == Errc::invalid_args) error.code = Errc::unavailable;  // no text is at fault
    return std::unexpected(std::move(error));
  }
  if (!secret->empty()) request.headers.push_back({"Authorization", "Bearer " + *secret});
  http::RetryPolicy policy = settings_.retry;
  // Somebody waits for a query; and a server of ours that has gone must be started, not asked.
  if (purpose == Purpose::query || server_)
    policy.most_attempts = std::min(policy.most_attempts, 2);
  for (int lives = server_ ? 2 : 1;; --lives) {
    std::optional<ModelServer::Lease> lease;
    if (server_) {
      auto needed = server_->need(stop);
      if (!needed) return std::unexpected(std::move(needed.error()));
      lease.emplace(std::move(*needed));
    }
    auto response = http::send_retrying(client_, request, policy, stop);
    if (response && response->is_success()) return response;
    if (response) {
      if (response->status == 401) state_->shared.lock()->key.reset();  // it may have been renewed
      return std::unexpected(error_of(*response, *secret));
    }
    Error error = std::move(response.error());
    if (error.code == Errc::cancelled || error.code == Errc::invalid_args)
      return std::unexpected(std::move(error));
    error.code = Errc::unavailable;
    if (lives == 1) return std::unexpected(std::move(error).within("embedding server"));
    server_->suspect();
  }
}

Result<std::string> OpenAiEmbedder::key(const std::stop_token& stop) {
  if (auto known = state_->shared.lock()->key) return *known;
  auto secret = secrets::read_secret(settings_.key, stop);
  if (secret) state_->shared.lock()->key = *secret;
  return secret;
}

Error OpenAiEmbedder::error_of(const http::Response& response, const std::string& key) const {
  std::string said = openai::error_text(response.body);
  replace_all(said, key, "…");  // some servers repeat it
  const std::string status = std::to_string(response.status);
  const std::string tail = " (" + status + (said.empty() ? ")" : "): " + said);
  switch (response.status) {
    case 400:
    case 413:
    case 422:
      return {Errc::invalid_args,
              "the embedding server does not take these texts" + tail,
              {"if one is too long for the model: import in smaller pieces, or raise the server's "
               "context and batch size",
               "check model in [knowledge.embedder]"}};
    case 401:
    case 403:
      return {Errc::permission,
              "the embedding server does not take the key" + tail,
              {"check key_env, key_file or key_command in [knowledge.embedder]"}};
    case 404:
      return {Errc::not_found,
              "the embedding server does not know " + settings_.model + ", or has no " +
                  endpoint_of(settings_.url) + tail,
              {"check model and url in [knowledge.embedder]; with Ollama: ollama pull " +
               settings_.model}};
    default:
      break;
  }
  if (response.status >= 300 && response.status < 400) {
    return {Errc::unavailable,
            "the embedding server sends us elsewhere (" + status +
                "): " + std::string(response.header("location")),
            {"write that address as url in [knowledge.embedder] if you trust it"}};
  }
  return {Errc::unavailable,
          "the embedding server cannot answer now" + tail,
          {"look at the server's log"}};
}

Result<void> OpenAiEmbedder::check_dimensions(std::uint32_t dimensions) {
  const auto count = [](std::uint32_t number) { return std::to_string(number) + " dimensions"; };
  if (settings_.dimensions != 0 && dimensions != settings_.dimensions) {
    return fail(Errc::unavailable,
                settings_.model + " answers with " + count(dimensions) + " where " +
                    count(settings_.dimensions) + " were asked for",
                {"set dimensions in [knowledge.embedder] to " + std::to_string(dimensions) +
                 ", or remove it"});
  }
  auto shared = state_->shared.lock();
  if (shared->dimensions == 0) shared->dimensions = dimensions;
  if (shared->remembered && shared->remembered->dimensions != dimensions)
    shared->remembered.reset();
  if (shared->dimensions == dimensions) return {};
  return fail(Errc::unavailable,
              settings_.model + " answers with " + count(dimensions) + " now and had " +
                  count(shared->dimensions) + " before: another model goes by its name",
              {"restart the daemon (`hearth daemon stop`) to take the new one"});
}

}  // namespace hearth::packs::knowledge
