// Which databases a session sees, under which names, and which engine each belongs to.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.hpp"
#include "base/result.hpp"
#include "packs/sql/engine/engine.hpp"

namespace hearth::packs::sql {

// One database as one session uses it.
struct Target {
  Engine* engine = nullptr;
  DatabaseRef database;
  SessionRef session;
};

struct Attachment {
  std::string engine;  // its kind
  DatabaseRef database;
};

// Members are for any thread, once the engines are there.
class Databases final {
 public:
  // The first is the one of scratch and persistent.
  void add_engine(std::unique_ptr<Engine> engine) { engines_.push_back(std::move(engine)); }
  [[nodiscard]] const std::vector<std::unique_ptr<Engine>>& engines() const { return engines_; }
  [[nodiscard]] Engine* engine(std::string_view kind) const;

  // `not_found` suggests the names there are. `access` narrows what the database allows.
  [[nodiscard]] Result<Target> resolve(const std::string& alias,
                                       SessionRef session,
                                       Access access) const;
  // What attach() would say of the alias: before a file is opened, and with it perhaps made.
  [[nodiscard]] Result<void> check_alias(const SessionRef& session, const std::string& alias) const;
  // `conflict` when the session has the alias already; `invalid_args` when it is no plain name.
  [[nodiscard]] Result<void> attach(const SessionRef& session, Attachment attachment);
  // What it was.
  [[nodiscard]] Result<Attachment> detach(const SessionRef& session, const std::string& alias);
  // Whether any session has it, under any alias.
  [[nodiscard]] bool is_attached(const Attachment& attachment) const;
  // Whether any session may write to it.
  [[nodiscard]] bool is_written(const Attachment& attachment) const;
  // scratch, persistent, then what is attached, by name.
  [[nodiscard]] std::vector<Attachment> list(const SessionRef& session) const;
  // The session will not come back. What it had attached.
  std::vector<Attachment> forget(const SessionRef& session);
  // Changes with what the session sees.
  [[nodiscard]] std::uint64_t generation(const SessionRef& session) const;

 private:
  struct Seen {
    std::map<std::string, Attachment> attached;  // by alias
    std::uint64_t generation = 0;
  };
  [[nodiscard]] static Result<void> check_alias(const Seen& mine, const std::string& alias);
  // Whether any session has one that `is_it`.
  template <typename Predicate>
  [[nodiscard]] bool any_attached(Predicate is_it) const;
  [[nodiscard]] static std::string key_of(const SessionRef& session) {
    return session.name_space + "/" + session.id;
  }

  std::vector<std::unique_ptr<Engine>> engines_;
  mutable Guarded<std::map<std::string, Seen>> seen_;
};

}  // namespace hearth::packs::sql
