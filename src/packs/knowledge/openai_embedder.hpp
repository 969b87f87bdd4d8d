// Vectors from a server that speaks OpenAI's embeddings API: Ollama, llama.cpp, vLLM, TEI, OpenAI.
//
// Texts go out in batches. A text that somebody is asking for already is not asked for twice, and
// the vectors of queries are remembered. Nothing of a key is ever in an error or in the log.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "http/retrying.hpp"
#include "packs/knowledge/engine/embedder.hpp"
#include "packs/knowledge/model_server.hpp"
#include "secrets/secret.hpp"

namespace hearth::packs::knowledge {

struct OpenAiSettings {
  std::string url;     // up to /v1
  std::string socket;  // a Unix socket to reach it at
  std::string model;
  std::uint32_t dimensions = 0;  // to ask for; 0: the model's own
  secrets::SecretSource key;
  std::string query_prefix;  // as the model's card says: "search_query: "
  std::string document_prefix;
  std::size_t batch = 32;                            // texts a request
  std::size_t batch_bytes = std::size_t{256} << 10;  // of text; one larger text goes alone
  std::size_t at_once = 2;                           // requests
  std::chrono::milliseconds timeout{60'000};         // of one request
  std::size_t cache_bytes = std::size_t{4} << 20;    // for the vectors of queries
  http::RetryPolicy retry;
  std::optional<ModelServerPlan> server;  // hearth runs it
};

class OpenAiEmbedder final : public Embedder {
 public:
  explicit OpenAiEmbedder(OpenAiSettings settings);
  ~OpenAiEmbedder() override;  // no call may be running

  // "openai:MODEL"; with prefixes, which make another space, a fingerprint of them behind it.
  [[nodiscard]] Result<EmbeddingModel> model() const override;
  void remember(const EmbeddingModel& model) override;
  [[nodiscard]] VectorSource source() const override { return VectorSource::server; }
  // `invalid_args` when the server does not take these texts (one may be too long for it);
  // `permission` when it does not take the key.
  [[nodiscard]] Result<std::vector<float>> embed(std::span<const std::string_view> texts,
                                                 Purpose purpose,
                                                 const std::stop_token& stop) override;

 private:
  struct Flight;
  struct State;
  class Asking;
  using Texts = std::span<const std::string_view>;

  [[nodiscard]] Result<std::vector<float>> ask(Texts texts,
                                               Purpose purpose,
                                               const std::stop_token& stop);
  [[nodiscard]] Result<http::Response> send(const std::string& body,
                                            Purpose purpose,
                                            const std::stop_token& stop);
  [[nodiscard]] Result<std::string> key(const std::stop_token& stop);
  [[nodiscard]] Error error_of(const http::Response& response, const std::string& key) const;
  [[nodiscard]] Result<void> check_dimensions(std::uint32_t dimensions);

  const OpenAiSettings settings_;
  const std::string name_;
  http::Client client_;
  std::optional<ModelServer> server_;
  const std::unique_ptr<State> state_;
};

}  // namespace hearth::packs::knowledge
