#include "packs/knowledge/embedders.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <utility>

#include "base/values.hpp"
#include "packs/knowledge/engine/builtin_embedder.hpp"
#include "packs/knowledge/unrelated.hpp"

namespace hearth::packs::knowledge {
namespace {

using std::chrono::milliseconds;

// ---- What fits --------------------------------------------------------------------------------

std::optional<std::uint32_t> number_in(std::string_view text,
                                       std::uint32_t low,
                                       std::uint32_t high) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number < low || number > high ? std::nullopt : std::optional(number);
}

bool is_line(std::string_view text) {
  return !text.empty() && text.find('\n') == std::string_view::npos;
}

// Without a name and password, which would show up in messages, and without a query.
bool is_base_url(std::string_view text) {
  const auto scheme = text.find("://");
  if (scheme == std::string_view::npos) return false;
  const std::string_view name = text.substr(0, scheme);
  const std::string_view rest = text.substr(scheme + 3);
  return is_line(text) && (name == "http" || name == "https") && !rest.empty() &&
         rest.front() != '/' && rest.find_first_of("@?# ") == std::string_view::npos;
}

bool is_kind(std::string_view text);
bool is_absolute(std::string_view text) {
  return is_line(text) && text.starts_with('/');
}
bool is_model(std::string_view text) {
  return is_line(text) && text.size() <= 200;
}
bool is_dimensions(std::string_view text) {
  return number_in(text, 1, 65'536).has_value();
}
bool is_batch(std::string_view text) {
  return number_in(text, 1, 2'048).has_value();
}
bool is_at_once(std::string_view text) {
  return number_in(text, 1, 64).has_value();
}
bool is_timeout(std::string_view text) {
  const auto time = parse_duration(text);
  return time && *time > milliseconds(0);
}
bool is_duration(std::string_view text) {
  return parse_duration(text).has_value();
}
bool is_command(std::string_view text) {
  return !text.empty() && !text.starts_with('\n');
}
bool is_variable(std::string_view text) {
  return is_line(text) && text.find_first_of("= $") == std::string_view::npos;
}

// ---- The settings -----------------------------------------------------------------------------

// Which kinds a setting means something to.
enum class For : std::uint8_t { all, openai, vectors };

struct Known {
  std::string_view name;
  std::string_view expects;
  bool (*fits)(std::string_view value);
  For kinds = For::openai;
};

constexpr std::string_view a_command = R"(a list: a program and its arguments, as ["pass", "key"])";
constexpr std::array known_settings{
    Known{"kind", R"("builtin", "openai", "supplied" or "none")", is_kind, For::all},
    Known{"url", "an http: or https: URL up to /v1, without a key or query in it", is_base_url},
    Known{"socket", "the absolute path of a Unix socket", is_absolute},
    Known{"model", "the name of a model, at most 200 bytes", is_model, For::vectors},
    Known{"dimensions", "an integer from 1 to 65536", is_dimensions, For::vectors},
    Known{"key_env", "the name of an environment variable", is_variable},
    Known{"key_file", "the absolute path of a file", is_absolute},
    Known{"key_command", a_command, is_command},
    Known{"query_prefix", "a text", nullptr},
    Known{"document_prefix", "a text", nullptr},
    Known{"batch", "an integer from 1 to 2048", is_batch},
    Known{"at_once", "an integer from 1 to 64", is_at_once},
    Known{"timeout", "a duration such as \"60s\"", is_timeout},
    Known{"command", a_command, is_command},
    Known{"health", "the path of a URL, such as \"/health\"", is_absolute},
    Known{"idle", "a duration such as \"10m\", or 0", is_duration},
};

constexpr std::array<std::pair<std::string_view, EmbedderKind>, 4> kinds{
    {{"none", EmbedderKind::none},
     {"builtin", EmbedderKind::builtin},
     {"openai", EmbedderKind::openai},
     {"supplied", EmbedderKind::supplied}}};

bool is_kind(std::string_view text) {
  return std::ranges::find(kinds, text, &std::pair<std::string_view, EmbedderKind>::first) !=
         kinds.end();
}

bool has_meaning(const Known& known, EmbedderKind kind) {
  if (known.kinds == For::all || kind == EmbedderKind::openai) return true;
  return known.kinds == For::vectors && kind == EmbedderKind::supplied;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::unexpected<Error> wrong(std::string what, std::string remedy) {
  return fail(Errc::invalid_args, "[knowledge.embedder]: " + std::move(what), {std::move(remedy)});
}

// What belongs together is there.
Result<void> check(const EmbedderSettings& settings) {
  const OpenAiSettings& given = settings.openai;
  if (settings.kind == EmbedderKind::supplied && given.dimensions == 0)
    return wrong("kind \"supplied\" needs dimensions",
                 "set dimensions to the length of the vectors that will come");
  if (settings.kind != EmbedderKind::openai) return {};
  if (given.url.empty() || given.model.empty())
    return wrong("kind \"openai\" needs url and model",
                 "set url = \"http://127.0.0.1:11434/v1\" and model = \"nomic-embed-text\", as "
                 "they are for Ollama");
  const secrets::SecretSource& key = given.key;
  if (!key.environment.empty() + !key.file.empty() + !key.command.empty() > 1)
    return wrong("key_env, key_file and key_command exclude each other", "keep one of them");
  return {};
}

// https://host:port of a URL.
std::string origin_of(const std::string& url) {
  return url.substr(0, url.find('/', url.find("://") + 3));
}

// ---- Vectors of the caller --------------------------------------------------------------------

class SuppliedEmbedder final : public Embedder {
 public:
  explicit SuppliedEmbedder(const OpenAiSettings& settings)
      : model_{.name = settings.model.empty() ? "supplied" : "supplied:" + settings.model,
               .dimensions = settings.dimensions,
               .unrelated_mean = UnrelatedMeasure().mean(),
               .unrelated_deviation = UnrelatedMeasure().deviation()} {}

  Result<EmbeddingModel> model() const override { return model_; }
  VectorSource source() const override { return VectorSource::caller; }
  Result<std::vector<float>> embed(std::span<const std::string_view> /*texts*/,
                                   Purpose /*purpose*/,
                                   const std::stop_token& /*stop*/) override {
    return fail(Errc::unsupported, "this store has no model: its vectors come with the calls",
                {"give a vector of " + std::to_string(model_.dimensions) + " numbers with the call",
                 "search by words", "choose another kind in [knowledge.embedder]"});
  }

 private:
  const EmbeddingModel model_;
};

}  // namespace

std::vector<pack::Setting> embedder_settings() {
  std::vector<pack::Setting> list;
  for (const Known& known : known_settings)
    list.push_back({"embedder." + std::string(known.name), std::string(known.expects), known.fits});
  return list;
}

Result<EmbedderSettings> read_embedder_settings(
    const std::function<std::optional<std::string>(std::string_view)>& setting) {
  const auto text = [&](std::string_view name) {
    return setting("embedder." + std::string(name)).value_or("");
  };
  EmbedderSettings settings;
  if (const std::string kind = text("kind"); !kind.empty()) {
    settings.kind =
        std::ranges::find(kinds, kind, &std::pair<std::string_view, EmbedderKind>::first)->second;
  }
  for (const Known& known : known_settings) {
    if (has_meaning(known, settings.kind) || text(known.name).empty()) continue;
    const std::string name(known.name);
    return wrong(name + " means nothing to this kind of embedder",
                 "set kind = \"openai\", or remove " + name);
  }
  OpenAiSettings& to = settings.openai;
  to.url = text("url");
  to.socket = text("socket");
  to.model = text("model");
  to.dimensions = number_in(text("dimensions"), 1, 65'536).value_or(to.dimensions);
  to.key = {.environment = text("key_env"),
            .file = text("key_file"),
            .command = lines_of(text("key_command"))};
  to.query_prefix = text("query_prefix");
  to.document_prefix = text("document_prefix");
  to.batch = number_in(text("batch"), 1, 2'048).value_or(static_cast<std::uint32_t>(to.batch));
  to.at_once = number_in(text("at_once"), 1, 64).value_or(static_cast<std::uint32_t>(to.at_once));
  to.timeout = parse_duration(text("timeout")).value_or(to.timeout);
  if (auto fits = check(settings); !fits) return std::unexpected(std::move(fits.error()));
  if (auto command = lines_of(text("command")); !command.empty()) {
    const std::string health = text("health");
    ModelServerPlan plan;
    plan.command = std::move(command);
    plan.health_url = origin_of(to.url) + (health.empty() ? "/health" : health);
    plan.socket = to.socket;
    plan.idle = parse_duration(text("idle")).value_or(plan.idle);
    to.server = std::move(plan);
  } else if (!text("health").empty() || !text("idle").empty()) {
    return wrong("health and idle are for a server that hearth runs",
                 "name its command, or remove them");
  }
  return settings;
}

std::shared_ptr<Embedder> make_embedder(EmbedderSettings settings, const std::string& log_path) {
  if (settings.openai.server) settings.openai.server->log_path = log_path;
  switch (settings.kind) {
    case EmbedderKind::none:
      break;
    case EmbedderKind::builtin:
      return std::make_shared<BuiltinEmbedder>();
    case EmbedderKind::openai:
      return std::make_shared<OpenAiEmbedder>(std::move(settings.openai));
    case EmbedderKind::supplied:
      return std::make_shared<SuppliedEmbedder>(settings.openai);
  }
  return nullptr;
}

}  // namespace hearth::packs::knowledge
