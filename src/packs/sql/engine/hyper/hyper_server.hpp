// The one hyperd that hearth runs.
//
// Started when first needed, on a Unix socket in a directory that only its owner can enter; watched
// through its pidfd, so that its end is known at once; started again whenever somebody still needs
// it, the sooner the longer it had lived; stopped when nobody has for a while. It ends with the
// daemon, however that ends. It gets no file of anybody: all are on its list of what it may not
// open, except the databases that hearth attaches (docs/adr/0016).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "packs/sql/engine/engine.hpp"
#include "packs/sql/engine/pg/link.hpp"

namespace hearth::packs::sql::hyper {

struct ServerPlan {
  std::string program;    // hyperd's path
  std::string directory;  // for its socket and its log; made 0700
  std::string memory;     // its limit, as it reads it: "2g", "50%"; empty: its own
  unsigned threads = 0;   // 0: its own number
  std::chrono::milliseconds idle{std::chrono::minutes(10)};  // 0: never stopped
  std::chrono::milliseconds ready_timeout{10'000};
  std::chrono::milliseconds stop_grace{2'000};  // between TERM and KILL
};

// Thread-safe. Has a thread while hyperd runs.
class HyperServer final {
 public:
  explicit HyperServer(ServerPlan plan);
  ~HyperServer();  // stop(); no lease may be left
  HyperServer(const HyperServer&) = delete;
  HyperServer& operator=(const HyperServer&) = delete;

  // While there is one, hyperd is in use, and is started again when it ends.
  class Lease {
   public:
    explicit Lease(HyperServer& server) : server_(&server) {}
    Lease(Lease&& other) noexcept : server_(std::exchange(other.server_, nullptr)) {}
    Lease& operator=(Lease&& other) noexcept {
      std::swap(server_, other.server_);
      return *this;
    }
    ~Lease() {
      if (server_ != nullptr) server_->release();
    }

   private:
    HyperServer* server_;
  };
  [[nodiscard]] Lease lease();

  // A connection to it, with no database attached; starts it, or waits until it has started.
  // `unavailable` with the reason when it cannot be had.
  [[nodiscard]] Result<std::unique_ptr<pg::Link>> connect(const Work& work);
  // It did not answer, not even to a cancel request: is looked at, and ended when it hangs.
  void suspect();
  // Ends it at once; the next one starts from what is on the disk.
  void end();
  // Stops it if nobody needs it.
  void rest();
  // Stops it for good.
  void stop();

  // 0 while it does not run.
  [[nodiscard]] std::int64_t pid() const;
  // Why the last start failed; empty when it did not.
  [[nodiscard]] std::string problem() const;

 private:
  struct State;
  class Run;
  struct Place {  // where a run listens
    std::string directory;
    std::string port;
  };
  [[nodiscard]] Result<Place> await_ready(const Work& work);
  [[nodiscard]] static Result<std::unique_ptr<pg::Link>> connect_at(const Place& place,
                                                                    const Work& work);
  void release();

  const ServerPlan plan_;
  const std::unique_ptr<State> state_;
};

}  // namespace hearth::packs::sql::hyper
