// A model server that hearth runs itself: `command` of [knowledge.embedder].
//
// Started when first needed, ready when its health address answers, started again after a crash,
// stopped when nobody has needed it for a while. One that crashes again and again is left alone for
// a time, and callers are told where its output is. It ends with the daemon, however that ends.
#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "http/client.hpp"

namespace hearth::packs::knowledge {

struct ModelServerPlan {
  std::vector<std::string> command;
  std::string health_url;  // answers with success once models are loaded
  std::string socket;      // a Unix socket to ask that at
  std::string log_path;    // its output; beyond log_size the file becomes `log_path`.1
  std::size_t log_size = std::size_t{1} << 20;
  std::chrono::milliseconds idle{std::chrono::minutes(10)};  // 0: never stopped
  std::chrono::milliseconds ready_timeout{std::chrono::minutes(5)};
  std::chrono::milliseconds stop_grace{5'000};  // between TERM and KILL
  // A crash sooner than this after the start is a quick one. After each the next start waits twice
  // as long as the one before; after `most_crashes` in a row there is none for `rest`.
  std::chrono::milliseconds quick{30'000};
  std::chrono::milliseconds first_wait{500};
  std::chrono::milliseconds rest{60'000};
  int most_crashes = 3;
};

// Thread-safe. Has a thread while its program runs.
class ModelServer final {
 public:
  ModelServer(ModelServerPlan plan, http::Client& client);
  ~ModelServer();  // stops it; no lease may be left
  ModelServer(const ModelServer&) = delete;
  ModelServer& operator=(const ModelServer&) = delete;

  // While there is one, the server is in use.
  class Lease {
   public:
    explicit Lease(ModelServer& server) : server_(&server) {}
    Lease(Lease&& other) noexcept : server_(std::exchange(other.server_, nullptr)) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (server_ != nullptr) server_->release();
    }

   private:
    ModelServer* server_;
  };
  // Returns once the server is ready, which it may be already. Blocks until then, `stop`, or the
  // reason why it cannot be: `unavailable`, or `not_found` for a program that is not there.
  [[nodiscard]] Result<Lease> need(const std::stop_token& stop);
  // It did not answer. Waits a moment for its end, so that the next need() is for a new run and
  // not for what has just died.
  void suspect();

 private:
  struct State;
  class Run;
  void release();

  const ModelServerPlan plan_;
  http::Client& client_;
  const std::unique_ptr<State> state_;
};

}  // namespace hearth::packs::knowledge
