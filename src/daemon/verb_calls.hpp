// The tools of the catalog as the verbs of the request language.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "io/loop.hpp"
#include "mcp/catalog.hpp"
#include "request/verbs.hpp"

namespace hearth::daemon {

// Treats a call within a request as a session treats one of its own: counted with its tool, told of
// at its end, under the tool's time limit and rule for resends. All but the tool `request` itself
// are verbs. Loop thread; goes before the loop, and drops the calls that are still open then.
class VerbCalls final : public request::Verbs {
 public:
  VerbCalls(io::Loop& loop, mcp::Catalog& catalog);
  ~VerbCalls() override;

  [[nodiscard]] std::optional<request::Verb> find(std::string_view name) const override;
  [[nodiscard]] std::vector<request::Verb> all() const override;
  void start(const request::Verb& verb,
             std::string_view arguments,
             pack::Call::Context context,
             std::unique_ptr<pack::CallSink> sink) override;
  // The same by name, for whoever only wants the outcome; `not_found` when there is none.
  void call(const std::string& tool,
            std::string_view arguments,
            pack::Call::Context context,
            std::move_only_function<void(Result<pack::Reply>)> done);

 private:
  struct Flight;  // one call in progress
  class Sink;     // of one call, towards its flight

  void finish(const std::shared_ptr<Flight>& flight, Result<pack::Reply> outcome);

  io::Loop& loop_;
  mcp::Catalog& catalog_;
  std::set<std::shared_ptr<Flight>> flights_;
};

}  // namespace hearth::daemon
